#include "rules/plan.h"

#include <algorithm>

#include "rules/exposure.h"
#include "rules/firewall_fault.h"

namespace brownout::rules {
namespace {

void admit(const RuleRef& rule, const FlowFacts& flow, Arrival& arrival) {
  if (!Exposure(*rule, flow).next(flow.opened).contains(flow.opened)) return;
  auto& state = *rule->state;
  state.sampled.fetch_add(1, std::memory_order_relaxed);
  const auto note = rule->fault->admit({.dice = Dice(rule->seed, rule->stage_key, flow.key()),
                                        .intensity = Intensity(rule->schedule, rule->began),
                                        .flow = &flow,
                                        .direction = Direction::kUpstream,
                                        .now = flow.opened,
                                        .shared = state.shared.get()},
                                       arrival.admission);
  if (!note) return;
  state.injected.fetch_add(1, std::memory_order_relaxed);
  arrival.notes.emplace_back(rule, *note);
}

}  // namespace

bool count_arrival(const Rule& rule) {
  const auto ordinals = rule.match.ordinals();
  if (ordinals.any()) {
    const auto ordinal = rule.state->arrivals.fetch_add(1, std::memory_order_relaxed) + 1;
    if (!ordinals.contains(ordinal)) return false;
  }
  rule.state->matched.fetch_add(1, std::memory_order_relaxed);
  return true;
}

Arrival plan_arrival(const RuleSet& set, const FlowFacts& flow) {
  Arrival arrival;
  set.for_each_match(flow, [&](const RuleRef& rule) {
    if (!count_arrival(*rule)) return;
    if (rule->kind->level == Level::kConnection) return admit(rule, flow, arrival);
    if (rule->probability.parts_per_billion > 0) arrival.rules.push_back(rule);
  });
  return arrival;
}

Arrival plan_dial(const RuleSet& set, const FlowFacts& flow, Instant now) {
  Arrival arrival;
  const auto stop = [&](FirewallAction action) {
    auto& verdict = arrival.admission.verdict;
    if (!arrival.admission.serves() || action == FirewallAction::kAccept) return;
    verdict =
        action == FirewallAction::kDrop ? Admission::Verdict::kHang : Admission::Verdict::kRefuse;
  };
  set.for_each_match(flow, [&](const RuleRef& rule) {
    if (rule->kind == &kFirewallKind) {
      auto outcome = static_cast<const FirewallFault&>(*rule->fault).decide(flow, now);
      stop(outcome.action);
      if (!outcome.note) return;
      rule->state->injected.fetch_add(1, std::memory_order_relaxed);
      arrival.notes.emplace_back(rule, *outcome.note);
      for (const auto& mistake : outcome.mistakes) {
        mistake->state->sampled.fetch_add(1, std::memory_order_relaxed);
        mistake->state->injected.fetch_add(1, std::memory_order_relaxed);
        arrival.notes.emplace_back(mistake, *outcome.note);
      }
    } else if (rule->kind->level == Level::kConnection && !rule->match.destination.empty() &&
               count_arrival(*rule)) {
      admit(rule, flow, arrival);
    }
  });
  return arrival;
}

void plan_server(const RuleSet& set, const FlowFacts& flow, std::vector<RuleRef>& rules) {
  std::vector<RuleRef> merged;
  auto next = rules.begin();
  set.for_each_match(flow, [&](const RuleRef& rule) {
    if (rule->kind->level != Level::kBytes) return;
    if (next != rules.end() && *next == rule) {
      merged.push_back(*next++);
    } else if (!rule->match.destination.empty() && count_arrival(*rule) &&
               rule->probability.parts_per_billion > 0) {
      merged.push_back(rule);
    }
  });
  rules = std::move(merged);
}

std::vector<RuleRef> plan_reload(const RuleSet& set, const FlowFacts& flow,
                                 const std::vector<RuleRef>& before) {
  std::vector<RuleRef> rules;
  set.for_each_match(flow, [&](const RuleRef& rule) {
    if (rule->kind->level != Level::kBytes) return;
    if (set.retained(*rule)) {
      if (std::find(before.begin(), before.end(), rule) != before.end()) rules.push_back(rule);
      return;
    }
    if (rule->match.ordinals().any()) return;
    rule->state->matched.fetch_add(1, std::memory_order_relaxed);
    if (rule->probability.parts_per_billion > 0) rules.push_back(rule);
  });
  return rules;
}

std::vector<RuleRef> for_direction(const std::vector<RuleRef>& rules, Direction direction) {
  std::vector<RuleRef> some;
  std::copy_if(rules.begin(), rules.end(), std::back_inserter(some),
               [&](const RuleRef& rule) { return rule->acts_on(direction); });
  return some;
}

}  // namespace brownout::rules
