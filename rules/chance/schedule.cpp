#include "rules/chance/schedule.h"

#include <algorithm>

namespace brownout::rules {

Duration scaled(Duration value, double by) {
  if (by >= 1) return value;
  return rounded(static_cast<double>(value.count()) * by);
}

Window Schedule::window(Instant began, Instant now) const {
  if (periods) return period(began, now);
  const Instant first = later(began, start);
  std::int64_t cycle = repeat && now > first ? (now - first) / *repeat : 0;
  // If `now` is between two active periods of the rule, take the next one.
  if (repeat && now >= later(first, sum(times(*repeat, cycle), *duration))) ++cycle;
  const Instant open = repeat ? later(first, times(*repeat, cycle)) : first;
  const Instant close = duration ? later(open, *duration) : kNever;
  if (!end) return {open, close};
  const Instant last = later(began, *end);
  return open < last ? Window{open, std::min(close, last)} : Window{};
}

Window Schedule::period(Instant began, Instant now) const {
  const Instant last = end ? later(began, *end) : kNever;
  for (const auto& period : *periods) {
    const Window when{later(began, period.open), std::min(later(began, period.close), last)};
    if (now < when.close && when.open < when.close) return when;
  }
  return {};
}

double Schedule::intensity(Instant began, Instant now) const {
  const Window when = window(began, now);
  if (!when.contains(now)) return 0;
  const Duration since = now - when.open;
  if (since >= ramp) return 1;
  return static_cast<double>(since.count()) / static_cast<double>(ramp.count());
}

Instant Schedule::reaches(Instant began, Instant now, double level) const {
  const Window when = window(began, now);
  if (when.open == kNever) return kNever;
  const Instant at = later(when.open, scaled(ramp, std::clamp(level, 0.0, 1.0)));
  return at < when.close ? at : kNever;
}

double Intensity::at(Instant now) const {
  return schedule_.ramp == Duration::zero() ? 1 : schedule_.intensity(began_, now);
}

}  // namespace brownout::rules
