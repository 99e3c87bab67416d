// Schedule defines when a rule is active, and how strongly (its intensity, 0 to 1), by start,
// duration and ramp. Pure functions; the caller passes the time.
//
//   intensity  1 |        ____________
//                |       /            |
//              0 |______/             |______
//                   start  +ramp      start+duration
//
// With `repeat`, this curve repeats: repetition n begins n * repeat later. With `periods`, each of
// them has this curve.
//
// The durations of a Schedule count from the instant at which the rule took effect (parameter
// `began`). Windows and all other instants are absolute.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "rules/base/units.h"

namespace brownout::rules {

// The time interval in which a rule is active, including `open` and excluding `close`.
struct Window {
  Instant open = kNever;
  Instant close = kNever;
  bool contains(Instant t) const { return open <= t && t < close; }
};

// An active period of a rule, as times after the instant at which the rule took effect: including
// `open` and excluding `close`.
struct Period {
  Duration open{};
  Duration close{};
  friend bool operator==(const Period&, const Period&) = default;
};

struct Schedule {
  Duration start{0};
  std::optional<Duration> duration;  // how long the rule stays active each time; no value: for ever
  Duration ramp{0};
  // For a rule that starts repeatedly: the time from one start to the next, which is longer than
  // `duration`. No value if the rule starts once.
  std::optional<Duration> repeat = {};
  // Time after `began` at which the rule ends for good. No value if it never ends.
  std::optional<Duration> end = {};
  // In place of start, duration and repeat: the active periods, in order and without overlaps; not
  // empty. Null without them.
  std::shared_ptr<const std::vector<Period>> periods = {};

  // Returns the active period (window) of the rule that contains `now`, or else the next one.
  // Without `repeat` and `periods` there is only one period, which is always returned. If no period
  // is left, `open` and `close` are kNever.
  Window window(Instant began, Instant now) const;
  // Returns the rule's first active period.
  Window window(Instant began) const { return window(began, Instant::min()); }
  // Returns the intensity at `now`, from 0 to 1; 0 while the rule is inactive.
  double intensity(Instant began, Instant now) const;
  // Returns the time from `began` to the first active period.
  Duration first_open() const { return periods ? periods->front().open : start; }
  // Returns the first instant, within the active period window(began, now), at which the intensity
  // exceeds `level` (0 <= level < 1).
  Instant reaches(Instant began, Instant now, double level) const;

 private:
  Window period(Instant began, Instant now) const;
};

// Intensity is how strongly one rule acts over time: its schedule, with the instant at which the
// rule took effect.
class Intensity {
 public:
  Intensity() = default;
  Intensity(const Schedule& schedule, Instant began) : schedule_(schedule), began_(began) {}
  double at(Instant now) const;
  // Returns the time at which the rule first becomes active.
  Instant start() const { return schedule_.window(began_).open; }

 private:
  Schedule schedule_;
  Instant began_{};
};

// Returns the duration multiplied by `by`, at most `value`: a factor above 1 counts as 1.
Duration scaled(Duration value, double by);

}  // namespace brownout::rules
