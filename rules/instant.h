// Time in rules/ is a parameter, never something to ask for.
//
// VirtualClock has no now(): code in rules/ that tried to read a clock would not compile. The proxy
// maps CLOCK_MONOTONIC onto it, tests count from zero.
#pragma once

#include <chrono>
#include <cstdint>

namespace brownout::rules {

using Duration = std::chrono::nanoseconds;

struct VirtualClock {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = Duration;
  using time_point = std::chrono::time_point<VirtualClock, duration>;
  static constexpr bool is_steady = true;
};

using Instant = VirtualClock::time_point;

// "No deadline": later than every instant that can be reached.
inline constexpr Instant kNever = Instant::max();

// Adds without passing kNever, so that a huge delay means "never" and not an overflow.
constexpr Instant later(Instant from, Duration by) {
  return by >= kNever - from ? kNever : from + by;
}

}  // namespace brownout::rules
