// ClientPolicy: the recovery policy of a client after a failed attempt: retries with backoff, then
// the next endpoint of its contingency plan, and fail-back to the first one later. Pure; scenario
// time.
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

  // Starts a new operation and returns the endpoint to try first.
  std::size_t begin(Duration now);
  struct Next {
    std::size_t endpoint = 0;
    Duration wait{};
  };
  // Call after a failed attempt. Returns the next attempt; none if the operation has failed.
  std::optional<Next> failed();
  void succeeded(Duration now);

 private:
  std::size_t endpoints() const { return probe_.endpoints.empty() ? 1 : probe_.endpoints.size(); }
  Duration backoff();

  const Probe& probe_;
  Dice dice_;
  std::size_t home_ = 0;       // endpoint that served the last operation
  Duration left_first_{};      // time at which the first endpoint was left
  std::size_t endpoint_ = 0;   // endpoint of this attempt
  std::size_t visited_ = 0;    // endpoints tried by this operation
  std::int64_t tries_ = 0;     // attempts at this endpoint
  std::int64_t failures_ = 0;  // failed attempts of this operation
  std::uint64_t drawn_ = 0;
};

}  // namespace brownout::rules
