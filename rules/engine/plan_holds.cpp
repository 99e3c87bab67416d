#include "rules/engine/plan_holds.h"

#include <algorithm>

namespace brownout::rules {

void PlanHolds::add(RuleRef rule, std::shared_ptr<Hold> hold, Instant latest) {
  all_.push_back({std::move(rule), std::move(hold), latest});
}

void PlanHolds::watch(const std::function<void()>& told) const {
  for (const auto& one : all_) one.hold->watch(told);
}

void PlanHolds::look() {
  std::erase_if(all_, [](const One& one) { return one.hold->over(); });
}

Instant PlanHolds::deadline() const {
  auto next = kNever;
  for (const auto& one : all_) {
    // What is over has told so.
    const auto due = one.hold->over() ? kNever : one.hold->deadline();
    next = std::min({next, due, one.latest});
  }
  return next;
}

void PlanHolds::wake(Instant now, Notes& notes) {
  for (const auto& one : all_) {
    if (one.hold->over() || one.hold->deadline() > now) continue;
    for (const auto& note : one.hold->wake(now)) {
      one.rule->state->injected.fetch_add(1, std::memory_order_relaxed);
      notes.emplace_back(one.rule, note);
    }
  }
  std::erase_if(all_, [&](const One& one) { return one.latest <= now; });
}

void PlanHolds::keep(const RuleSet& set) {
  std::erase_if(all_, [&](const One& one) { return !set.has(one.rule); });
}

}  // namespace brownout::rules
