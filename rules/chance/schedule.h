// When a rule is on, and how strongly: start, duration and ramp, as a function of time. Pure.
//
//   intensity  1 |        ____________
//                |       /            |
//              0 |______/             |______
//                   start  +ramp      start+duration
//
// Times count from the instant the rule took effect (Rule::began).
#pragma once

#include <optional>

#include "rules/base/units.h"

namespace brownout::rules {

// From `open`, included, to `close`, excluded.
struct Window {
  Instant open = kNever;
  Instant close = kNever;
  bool contains(Instant t) const { return open <= t && t < close; }
};

struct Schedule {
  Duration start{0};
  std::optional<Duration> duration;  // none: for ever
  Duration ramp{0};

  Window window(Instant began) const;
  // From 0 to 1; 0 outside the window.
  double intensity(Instant began, Instant now) const;
  // The first instant at which the intensity exceeds `level` (0 <= level < 1).
  Instant reaches(Instant began, double level) const;
};

// A rule's schedule pinned to when it began: what a stage asks while it runs.
class Intensity {
 public:
  Intensity() = default;
  Intensity(const Schedule& schedule, Instant began) : schedule_(schedule), began_(began) {}
  double at(Instant now) const;
  // When the rule switches itself on.
  Instant start() const { return schedule_.window(began_).open; }

 private:
  Schedule schedule_;
  Instant began_{};
};

Duration scaled(Duration value, double by);

}  // namespace brownout::rules
