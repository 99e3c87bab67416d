#include "rules/rehearsal/conductor.h"

#include <algorithm>
#include <utility>

namespace brownout::rules {
namespace {

bool lists(const Phase& phase, const Rule& rule) {
  return std::any_of(phase.rules.begin(), phase.rules.end(),
                     [&](const auto& name) { return key_of(name) == rule.dice_key; });
}

// The changed form of a rule in this phase; none: it is as it stands.
const std::vector<Rule>* changed_in(const Phase& phase, const Rule& rule) {
  for (const auto& [name, rules] : phase.changed) {
    if (key_of(name) == rule.dice_key) return &rules;
  }
  return nullptr;
}

void add(std::vector<Rule>& to, Rule rule, double time_scale) {
  rule.schedule.start = stretched(rule.schedule.start, 1 / time_scale);
  rule.schedule.ramp = stretched(rule.schedule.ramp, 1 / time_scale);
  if (rule.schedule.duration) {
    rule.schedule.duration = stretched(*rule.schedule.duration, 1 / time_scale);
  }
  to.push_back(std::move(rule));
}

}  // namespace

std::vector<Rule> rules_in_phase(const Config& config, std::optional<std::size_t> phase) {
  const auto& scenario = *config.scenario;
  std::vector<Rule> rules;
  const std::vector<Rule>* last_changed = nullptr;
  for (const auto& rule : config.rules) {
    const bool named = std::any_of(scenario.phases.begin(), scenario.phases.end(),
                                   [&](const auto& one) { return lists(one, rule); });
    if (named && (!phase || !lists(scenario.phases[*phase], rule))) continue;
    const auto* changed = phase ? changed_in(scenario.phases[*phase], rule) : nullptr;
    if (changed == nullptr) {
      add(rules, rule, scenario.time_scale);
    } else if (changed != last_changed) {
      // A preset is several rules, all of them in `changed`.
      for (const auto& one : *changed) add(rules, one, scenario.time_scale);
      last_changed = changed;
    }
  }
  return rules;
}

void Conductor::enter(std::size_t phase, Duration at) {
  if (!phases_.empty()) phases_.back().end = at;
  phase_ = phase;
  changed_ = true;
  if (phase == scenario_.phases.size()) {
    over_ = true;
    return;
  }
  phases_.push_back({phase, at, at + scenario_.phases[phase].length});
}

Conductor::Step Conductor::advance(Duration now) {
  if (!running_ && !over_ && now >= Duration::zero()) {
    running_ = true;
    enter(0, Duration::zero());
  }
  if (running_ && !halted()) {
    for (const auto& condition : scenario_.stops) {
      if (!must_stop(condition, now)) continue;
      halt(now, "more than " + to_text(condition.above) + " of " + condition.probe +
                    "'s operations failed");
      break;
    }
  }
  while (running_ && !over_ && now >= phases_.back().end) {
    enter(phase_ + 1, phases_.back().end);
  }
  const bool changed = std::exchange(changed_, false);
  if (!running_ || over_) return {changed, std::nullopt};
  return {changed, phase_};
}

Duration Conductor::next() const {
  if (over_) return Duration::max();
  return running_ ? phases_.back().end : Duration::zero();
}

void Conductor::observe(const Operation& operation) {
  if (scenario_.stops.empty()) return;
  recent_.push_back(operation);
  Duration longest{};
  for (const auto& condition : scenario_.stops) longest = std::max(longest, condition.over);
  while (recent_.front().ended + longest < operation.ended) recent_.pop_front();
}

bool Conductor::must_stop(const StopCondition& condition, Duration now) const {
  std::int64_t all = 0;
  std::int64_t failed = 0;
  std::int64_t in_a_row = 0;
  for (const auto& one : recent_) {
    if (scenario_.probes[one.probe].name != condition.probe) continue;
    if (one.ended < now - condition.over || one.ended < Duration::zero()) continue;
    ++all;
    failed += one.ok ? 0 : 1;
    in_a_row = one.ok ? 0 : in_a_row + 1;
  }
  return in_a_row >= condition.consecutive &&
         static_cast<double>(failed) > condition.above.share() * static_cast<double>(all);
}

void Conductor::halt(Duration now, std::string why) {
  if (halted() || over_) return;
  why_ = std::move(why);
  const auto recovery = std::find_if(scenario_.phases.begin(), scenario_.phases.end(),
                                     [](const Phase& phase) { return phase.recovery; });
  const auto to = static_cast<std::size_t>(recovery - scenario_.phases.begin());
  if (!running_) {
    // Nothing has been broken yet.
    over_ = true;
    return;
  }
  if (scenario_.phases[phase_].recovery) return;
  enter(to, now);
}

}  // namespace brownout::rules
