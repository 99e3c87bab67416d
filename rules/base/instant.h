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

// Sums and multiples of durations that are not negative, of which "never" is the largest.
constexpr Duration sum(Duration left, Duration right) {
  return left >= Duration::max() - right ? Duration::max() : left + right;
}
constexpr Duration times(Duration duration, std::int64_t factor) {
  return factor != 0 && duration > Duration::max() / factor ? Duration::max() : duration * factor;
}

// A duration of so many nanoseconds; of what cannot be one, the nearest that can.
constexpr Duration rounded(double nanoseconds) {
  constexpr double kMost = 9.2e18;  // exact, and below Duration::max()
  if (!(nanoseconds > 0)) return Duration::zero();
  return nanoseconds >= kMost ? Duration::max()
                              : Duration(static_cast<std::int64_t>(nanoseconds + 0.5));
}

// What several rules add to; each may add as much as it likes.
struct SummedDelay : Duration {
  constexpr SummedDelay(Duration value = {}) : Duration(value) {}
  constexpr SummedDelay& operator+=(Duration more) { return *this = sum(*this, more); }
};

}  // namespace brownout::rules
