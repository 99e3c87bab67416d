#include "rules/rehearsal/conductor.h"

#include <algorithm>
#include <utility>

namespace brownout::rules {
namespace {

bool lists(const Phase& phase, const Rule& rule) {
  return std::any_of(phase.rules.begin(), phase.rules.end(),
                     [&](const auto& name) { return key_of(name) == rule.dice_key; });
}

// Returns the rules that replace `rule` in this phase; null if the rule is unchanged.
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
  if (rule.schedule.repeat) {
    rule.schedule.repeat = stretched(*rule.schedule.repeat, 1 / time_scale);
  }
  if (rule.schedule.periods) {
    auto periods = *rule.schedule.periods;
    for (auto& period : periods) {
      period = {stretched(period.open, 1 / time_scale), stretched(period.close, 1 / time_scale)};
    }
    rule.schedule.periods = std::make_shared<const std::vector<Period>>(std::move(periods));
  }
  to.push_back(std::move(rule));
}

}  // namespace

std::vector<Rule> rules_in_phase(const std::vector<Rule>& rules, const Scenario& scenario,
                                 std::optional<std::size_t> phase) {
  std::vector<Rule> on;
  const std::vector<Rule>* last_changed = nullptr;
  for (const auto& rule : rules) {
    const bool named = std::any_of(scenario.phases.begin(), scenario.phases.end(),
                                   [&](const auto& each) { return lists(each, rule); });
    if (named && (!phase || !lists(scenario.phases[*phase], rule))) continue;
    const auto* changed = phase ? changed_in(scenario.phases[*phase], rule) : nullptr;
    if (changed == nullptr) {
      add(on, rule, scenario.time_scale);
    } else if (changed != last_changed) {
      // A preset expands to several rules, and `changed` contains the replacements for all of them.
      // Add the replacements only once.
      for (const auto& form : *changed) add(on, form, scenario.time_scale);
      last_changed = changed;
    }
  }
  return on;
}

void Conductor::enter(std::size_t phase, Duration at) {
  if (!phases_.empty()) phases_.back().end = at;
  phase_ = phase;
  changed_ = true;
  if (phase == scenario_.phases.size()) {
    over_ = true;
    return;
  }
  phases_.push_back({phase, at, sum(at, scenario_.phases[phase].length)});
}

Conductor::Step Conductor::advance(Duration now) {
  if (!running_ && !over_ && now >= Duration::zero()) {
    running_ = true;
    enter(0, Duration::zero());
  }
  if (running_ && !halted()) {
    for (const auto& condition : scenario_.stops) {
      if (!must_stop(condition, now)) continue;
      halt(now, "more than " + to_text(condition.above) + " of the operations of " +
                    in_quotes(condition.probe) + " failed");
      break;
    }
  }
  while (running_ && !over_ && now >= phases_.back().end) {
    enter(phase_ + 1, phases_.back().end);
  }
  const bool changed = std::exchange(changed_, false);
  if (changed) note_switch(now);
  if (!running_ || over_) return {changed, std::nullopt};
  return {changed, phase_};
}

// Records that the rules of the current phase now act, and that those of earlier phases no longer
// act. A skipped phase gets an interval of length zero, because its rules never acted.
void Conductor::note_switch(Duration now) {
  for (auto& phase : phases_) {
    if (!phase.acted) phase.acted = now;
    if (!phase.left && (over_ || &phase != &phases_.back())) phase.left = now;
  }
}

Duration Conductor::next() const {
  if (over_) return Duration::max();
  return running_ ? phases_.back().end : Duration::zero();
}

void Conductor::observe(const Operation& operation) {
  const auto& stops = scenario_.stops;
  const auto& name = scenario_.probes[operation.probe].name;
  const bool meant = std::any_of(stops.begin(), stops.end(),
                                 [&](const auto& condition) { return condition.probe == name; });
  if (!meant || operation.unable) return;
  recent_.push_back({operation.probe, operation.ended, operation.ok});
  Duration longest{};
  for (const auto& condition : stops) longest = std::max(longest, condition.over);
  while (sum(recent_.front().ended, longest) < operation.ended) recent_.pop_front();
}

bool Conductor::must_stop(const StopCondition& condition, Duration now) const {
  std::int64_t all = 0;
  std::int64_t failed = 0;
  std::int64_t in_a_row = 0;
  for (const auto& operation : recent_) {
    if (scenario_.probes[operation.probe].name != condition.probe) continue;
    if (operation.ended < now - condition.over || operation.ended < Duration::zero()) continue;
    ++all;
    failed += operation.ok ? 0 : 1;
    in_a_row = operation.ok ? 0 : in_a_row + 1;
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
    // No phase has begun, so no recovery phase is needed.
    over_ = true;
    return;
  }
  if (scenario_.phases[phase_].recovery) return;
  enter(to, now);
}

void Conductor::end(Duration now) {
  if (!over_ && !phases_.empty()) phases_.back().end = std::min(phases_.back().end, now);
  over_ = true;
}

}  // namespace brownout::rules
