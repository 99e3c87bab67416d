// Schedule defines when a rule is active, and at what intensity: start, duration and ramp. Pure.
//
//   intensity  1 |        ____________
//                |       /            |
//              0 |______/             |______
//                   start  +ramp      start+duration
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

  Window window(Instant began) const;
  // From 0 to 1; 0 outside the window.
  double intensity(Instant began, Instant now) const;
  // The first instant at which the intensity exceeds `level` (0 <= level < 1).
  Instant reaches(Instant began, double level) const;
};

// The intensity of one rule over time: its schedule and the instant at which it took effect.
class Intensity {
 public:
  Intensity() = default;
  Intensity(const Schedule& schedule, Instant began) : schedule_(schedule), began_(began) {}
  double at(Instant now) const;
  // When the rule becomes active.
  Instant start() const { return schedule_.window(began_).open; }

 private:
  Schedule schedule_;
  Instant began_{};
};

Duration scaled(Duration value, double by);

}  // namespace brownout::rules
