// Schedule defines when a rule is active, and at what intensity: start, duration and ramp. Pure.
//
//   intensity  1 |        ____________
//                |       /            |
//              0 |______/             |______
//                   start  +ramp      start+duration
//
// With `repeat` the whole figure comes again and again: the n-th time n * repeat later.
//
// All times are relative to the instant at which the rule took effect (Rule::began).
#pragma once

#include <optional>

#include "rules/base/units.h"

namespace brownout::rules {

// The half-open interval [open, close).
struct Window {
  Instant open = kNever;
  Instant close = kNever;
  bool contains(Instant t) const { return open <= t && t < close; }
};

struct Schedule {
  Duration start{0};
  std::optional<Duration> duration;  // none: unlimited
  Duration ramp{0};
  // From one start to the next; none: the rule starts once. Needs a shorter duration.
  std::optional<Duration> repeat = {};
  // Counted from `began`; nothing is active later. None: unlimited.
  std::optional<Duration> end = {};

  // The window that contains `now`, or the next one; without `repeat` always the only one. Both
  // ends are kNever if no window is left.
  Window window(Instant began, Instant now) const;
  // The first window.
  Window window(Instant began) const { return window(began, Instant::min()); }
  // From 0 to 1; 0 outside the windows.
  double intensity(Instant began, Instant now) const;
  // The first instant in window(began, now) at which the intensity exceeds `level`
  // (0 <= level < 1).
  Instant reaches(Instant began, Instant now, double level) const;
};

// The intensity of one rule over time: its schedule and the instant at which it took effect.
class Intensity {
 public:
  Intensity() = default;
  Intensity(const Schedule& schedule, Instant began) : schedule_(schedule), began_(began) {}
  double at(Instant now) const;
  // When the rule becomes active for the first time.
  Instant start() const { return schedule_.window(began_).open; }

 private:
  Schedule schedule_;
  Instant began_{};
};

Duration scaled(Duration value, double by);

}  // namespace brownout::rules
