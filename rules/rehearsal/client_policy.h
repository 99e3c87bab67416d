// ClientPolicy: what a real client does when an attempt fails: again after a backoff, then the next
// endpoint of its contingency plan; and back to the first some time after. Pure; scenario time.
#pragma once

#include <cstdint>
#include <optional>

#include "rules/chance/dice.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

class ClientPolicy {
 public:
  // `probe` is borrowed.
  ClientPolicy(const Probe& probe, Dice dice) : probe_(probe), dice_(dice) {}

  // A new operation: the endpoint to try first.
  std::size_t begin(Duration now);
  struct Next {
    std::size_t endpoint = 0;
    Duration wait{};
  };
  // The attempt failed; none: so has the operation.
  std::optional<Next> failed();
  void succeeded(Duration now);

 private:
  std::size_t endpoints() const { return probe_.endpoints.empty() ? 1 : probe_.endpoints.size(); }
  Duration backoff();

  const Probe& probe_;
  Dice dice_;
  std::size_t home_ = 0;       // that served the last operation
  Duration left_first_{};      // when the first endpoint was left
  std::size_t endpoint_ = 0;   // of this attempt
  std::size_t visited_ = 0;    // endpoints of this operation
  std::int64_t tries_ = 0;     // at this endpoint
  std::int64_t failures_ = 0;  // of this operation
  std::uint64_t drawn_ = 0;
};

}  // namespace brownout::rules
