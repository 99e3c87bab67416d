// ClientPolicy decides what a synthetic client does after a failed attempt. It retries with
// backoff, then uses the next endpoint of its list, and later returns to the first one (failback).
// Each User (proxy/rehearsal/user.h) owns one.
//
// Pure logic; one thread. Times are scenario time: real time since the first phase began,
// multiplied by the scenario's time_scale. Endpoints are indices in Probe::endpoints.
#pragma once

#include <cstdint>
#include <optional>

#include "rules/chance/dice.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

class ClientPolicy {
 public:
  // `probe` is borrowed and must outlive the object.
  ClientPolicy(const Probe& probe, Dice dice) : probe_(probe), dice_(dice) {}

  // Starts a new operation and returns the endpoint to try first.
  std::size_t begin(Duration now);
  struct Next {
    std::size_t endpoint = 0;
    Duration wait{};  // time to wait before the attempt
  };
  // Must be called after a failed attempt. Returns the next attempt, or no value if no attempt is
  // left, so that the whole operation has failed.
  std::optional<Next> failed();
  // Must be called after a successful attempt, which ends the operation.
  void succeeded(Duration now);

 private:
  std::size_t endpoints() const { return probe_.endpoints.empty() ? 1 : probe_.endpoints.size(); }
  Duration backoff();

  const Probe& probe_;
  Dice dice_;
  std::size_t home_ = 0;       // index of the endpoint that served the last operation
  Duration left_first_{};      // time at which the first endpoint was last given up
  std::size_t endpoint_ = 0;   // index of the endpoint of the current attempt
  std::size_t visited_ = 0;    // number of endpoints tried by the current operation
  std::int64_t tries_ = 0;     // number of attempts at the current endpoint
  std::int64_t failures_ = 0;  // number of failed attempts of the current operation
  std::uint64_t drawn_ = 0;    // number of random numbers drawn so far
};

}  // namespace brownout::rules
