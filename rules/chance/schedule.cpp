#include "rules/chance/schedule.h"

#include <algorithm>

namespace brownout::rules {

Duration scaled(Duration value, double by) {
  if (by >= 1) return value;
  return rounded(static_cast<double>(value.count()) * by);
}

Window Schedule::window(Instant began) const {
  const Instant open = later(began, start);
  return {open, duration ? later(open, *duration) : kNever};
}

double Schedule::intensity(Instant began, Instant now) const {
  const Window when = window(began);
  if (!when.contains(now)) return 0;
  const Duration since = now - when.open;
  if (since >= ramp) return 1;
  return static_cast<double>(since.count()) / static_cast<double>(ramp.count());
}

Instant Schedule::reaches(Instant began, double level) const {
  const Window when = window(began);
  const Instant at = later(when.open, scaled(ramp, std::clamp(level, 0.0, 1.0)));
  return at < when.close ? at : kNever;
}

double Intensity::at(Instant now) const {
  return schedule_.ramp == Duration::zero() ? 1 : schedule_.intensity(began_, now);
}

}  // namespace brownout::rules
