#include "rules/engine/plan_holds.h"

#include <algorithm>

namespace brownout::rules {

void PlanHolds::add(RuleRef rule, std::shared_ptr<Hold> hold, Instant latest) {
  all_.push_back({std::move(rule), std::move(hold), latest});
}

void PlanHolds::watch(const std::function<void()>& callback) const {
  for (const auto& entry : all_) entry.hold->watch(callback);
}

void PlanHolds::look() {
  std::erase_if(all_, [](const Entry& entry) { return entry.hold->over(); });
}

Instant PlanHolds::deadline() const {
  auto next = kNever;
  for (const auto& entry : all_) {
    // Ignore the deadline of a hold that has ended (its message need not wait), because its
    // callback has already been called.
    const auto due = entry.hold->over() ? kNever : entry.hold->deadline();
    next = std::min({next, due, entry.latest});
  }
  return next;
}

void PlanHolds::wake(Instant now, Notes& notes) {
  for (const auto& entry : all_) {
    if (entry.hold->over() || entry.hold->deadline() > now) continue;
    for (const auto& note : entry.hold->wake(now)) {
      entry.rule->state->count(note);
      notes.emplace_back(entry.rule, note);
    }
  }
  std::erase_if(all_, [&](const Entry& entry) { return entry.latest <= now; });
}

void PlanHolds::keep(const RuleSet& set) {
  std::erase_if(all_, [&](const Entry& entry) { return !set.has(entry.rule); });
}

}  // namespace brownout::rules
