#include "rules/engine/activation.h"

#include <algorithm>

namespace brownout::rules {
namespace {

constexpr Duration kSecond = std::chrono::seconds(1);
// Number of seconds of a flow that one search examines. If the rule acts in none of them, the
// search returns an empty window, and the caller must search again.
constexpr std::int64_t kLookAhead = 4096;

Key flow_key(const Rule& rule, const FlowFacts& flow) {
  if (rule.per == Per::kClient) return flow.client_key();
  const bool of_message = rule.per == Per::kMessage || rule.per == Per::kChunk;
  const bool of_request =
      rule.per == Per::kRequest || (of_message && flow.carrier == Carrier::kHttp);
  return of_request ? flow.message_key() : flow.key();
}

}  // namespace

Activation::Activation(const Rule& rule, const FlowFacts& flow)
    : rule_(&rule),
      dice_(rule.seed, rule.dice_key, flow_key(rule, flow)),
      opened_(flow.opened),
      carrier_(flow.carrier) {}

Window Activation::next(Instant now) const {
  constexpr Window kNone{};
  if (rule_->probability.parts_per_billion == 0) return kNone;
  Window window = rule_->schedule.window(rule_->began, now);
  if (window.close <= now) return kNone;
  if (rule_->per == Per::kSecond) return next_second(now);
  if (per_chunk()) return window;
  if (!dice_.hit(0, rule_->probability)) return kNone;
  if (rule_->kind->ramp == Ramp::kProbability) {
    const double level = dice_.unit(0) / rule_->probability.share();
    window.open = rule_->schedule.reaches(rule_->began, now, level);
    if (window.open == kNever) return kNone;
  }
  return window;
}

bool Activation::selects_chunks() const {
  return per_chunk() && rule_->probability.parts_per_billion != Ratio::kOne;
}

bool Activation::hits_chunk(Direction direction, std::uint64_t chunk, Instant now) const {
  if (!per_chunk()) return true;
  return dice_.split(to_text(direction)).hit(chunk, probability_at(now));
}

std::optional<double> Activation::draw() const {
  const bool sure = rule_->probability.parts_per_billion == Ratio::kOne;
  if (sure || per_chunk() || rule_->per == Per::kSecond) return std::nullopt;
  return dice_.unit(0);
}

std::optional<double> Activation::draw(Direction direction, std::uint64_t chunk) const {
  const bool sure = rule_->probability.parts_per_billion == Ratio::kOne;
  if (sure || !per_chunk()) return std::nullopt;
  return dice_.split(to_text(direction)).unit(chunk);
}

Ratio Activation::probability_at(Instant now) const {
  if (rule_->kind->ramp == Ramp::kMagnitude) return rule_->probability;
  const double intensity = rule_->schedule.intensity(rule_->began, now);
  return intensity >= 1 ? rule_->probability : Ratio::of(rule_->probability.share() * intensity);
}

bool Activation::second_hits(std::int64_t second) const {
  const auto start = later(opened_, times(kSecond, second));
  return dice_.hit(static_cast<std::uint64_t>(second) + 1, probability_at(start));
}

// Returns an empty window at the start of the schedule's next active period, and {kNever, kNever}
// if the schedule has no such period. An empty window tells the caller of Activation::next() to
// search again from the window's `open`.
Window Activation::search_again_after(const Window& over) const {
  const Window next = rule_->schedule.window(rule_->began, over.close);
  if (next.open == kNever || next.open < over.close) return {};
  return {next.open, next.open};
}

Window Activation::next_second(Instant now) const {
  const Window on = rule_->schedule.window(rule_->began, now);
  const Instant from = std::max(now, on.open);
  if (from == kNever) return {};
  const auto first = std::max<std::int64_t>(0, (from - opened_) / kSecond);
  for (auto second = first; second < first + kLookAhead; ++second) {
    const Instant open = std::max(on.open, later(opened_, times(kSecond, second)));
    if (open >= on.close) return search_again_after(on);
    if (second_hits(second))
      return {open, std::min(on.close, later(opened_, times(kSecond, second + 1)))};
  }
  // The rule acts in none of the seconds examined. Return an empty window, which tells the caller
  // of Activation::next() to search again from `resume`.
  const Instant resume = later(opened_, times(kSecond, first + kLookAhead));
  return {resume, resume};
}

}  // namespace brownout::rules
