// Instants and durations of virtual time, in nanoseconds.
//
// Code in rules/ receives the current time as a parameter. VirtualClock has no now(), so code in
// rules/ that tries to read a clock does not compile. The proxy converts CLOCK_MONOTONIC to these
// instants; tests start at zero. Plain values; any thread.
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

// A deadline that never occurs: no wake-up is needed.
inline constexpr Instant kNever = Instant::max();

// Addition that saturates at kNever instead of overflowing.
constexpr Instant later(Instant from, Duration by) {
  return by >= kNever - from ? kNever : from + by;
}

// Addition and multiplication that saturate at Duration::max(). Arguments are not negative.
constexpr Duration sum(Duration left, Duration right) {
  return left >= Duration::max() - right ? Duration::max() : left + right;
}
constexpr Duration times(Duration duration, std::int64_t factor) {
  return factor != 0 && duration > Duration::max() / factor ? Duration::max() : duration * factor;
}

// Rounds to whole nanoseconds and limits the result to [0, Duration::max()]. NaN becomes 0.
constexpr Duration rounded(double nanoseconds) {
  constexpr double kMost = 9.2e18;  // exactly representable, and below Duration::max()
  if (!(nanoseconds > 0)) return Duration::zero();
  return nanoseconds >= kMost ? Duration::max()
                              : Duration(static_cast<std::int64_t>(nanoseconds + 0.5));
}

// A delay that is the sum of the delays of several rules. The sum saturates at Duration::max().
struct SummedDelay : Duration {
  constexpr SummedDelay(Duration value = {}) : Duration(value) {}
  constexpr SummedDelay& operator+=(Duration more) { return *this = sum(*this, more); }
};

}  // namespace brownout::rules
