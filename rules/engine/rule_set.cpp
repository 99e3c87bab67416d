#include "rules/engine/rule_set.h"

#include <algorithm>
#include <unordered_set>

#include "rules/engine/firewall_fault.h"
#include "rules/engine/plan.h"

namespace brownout::rules {

std::shared_ptr<const RuleSet> RuleSet::activate(const std::vector<Rule>& rules, std::uint64_t seed,
                                                 Instant now, const RuleSet* previous) {
  std::unordered_map<std::string_view, RuleRef> before;
  if (previous != nullptr && previous->seed_ == seed) {
    for (const auto& rule : previous->rules_) before.emplace(rule->name, rule);
  }
  auto set = std::shared_ptr<RuleSet>(new RuleSet);
  set->seed_ = seed;
  set->activated_ = now;
  for (const auto& draft : rules) {
    if (draft.enabled) set->take(draft, before);
  }
  set->resolve_firewalls(before);
  set->index_all();
  return set;
}

void RuleSet::take(const Rule& draft, const std::unordered_map<std::string_view, RuleRef>& before) {
  const auto old = before.find(draft.name);
  if (old != before.end() && old->second->definition == draft.definition) {
    rules_.push_back(old->second);
    return;
  }
  auto rule = std::make_shared<Rule>(draft);
  rule->seed = seed_;
  rule->began = activated_;
  rule->state = std::make_shared<RuleState>();
  const bool of_clients =
      rule->match.count_per == CountPer::kClient || rule->match.count == Count::kClient;
  if (of_clients) rule->state->arrivals.count_per_client();
  rule->state->shared = rule->fault->make_state();
  rules_.push_back(std::move(rule));
}

std::shared_ptr<const RuleSet> RuleSet::with_replaced(const RuleSet& set,
                                                      const std::vector<std::string>& listeners,
                                                      const std::vector<Rule>& fresh, Instant now) {
  auto changed = std::shared_ptr<RuleSet>(new RuleSet);
  changed->seed_ = set.seed_;
  changed->activated_ = now;
  const std::unordered_set<std::string_view> gone(listeners.begin(), listeners.end());
  std::unordered_map<std::string_view, RuleRef> before;
  changed->rules_.reserve(set.rules_.size() + fresh.size());
  for (const auto& rule : set.rules_) {
    const auto& means = rule->match.listener;
    if (means.size() == 1 && gone.contains(means.front())) {
      before.emplace(rule->name, rule);
    } else {
      changed->rules_.push_back(rule);
    }
  }
  const auto stay = changed->rules_.size();
  for (const auto& draft : fresh) {
    if (draft.enabled) changed->take(draft, before);
  }
  if (!before.empty()) {
    changed->index_all();
    return changed;
  }
  // Rules were only added, so the indices of the old rules are still valid.
  changed->every_listener_ = set.every_listener_;
  changed->listeners_ = set.listeners_;
  changed->down_ = set.down_;
  changed->losing_syns_ = set.losing_syns_;
  changed->queueing_ = set.queueing_;
  changed->has_observers_ = set.has_observers_;
  changed->has_dial_rules_ = set.has_dial_rules_;
  changed->has_response_rules_ = set.has_response_rules_;
  changed->has_host_rules_ = set.has_host_rules_;
  changed->has_server_rules_ = set.has_server_rules_;
  for (auto i = stay; i < changed->rules_.size(); ++i) {
    changed->index_rule(static_cast<std::uint32_t>(i));
  }
  return changed;
}

void RuleSet::index_all() {
  for (std::size_t i = 0; i < rules_.size(); ++i) index_rule(static_cast<std::uint32_t>(i));
}

std::shared_ptr<const RuleSet> RuleSet::afresh() const {
  auto set = std::shared_ptr<RuleSet>(new RuleSet(*this));
  set->activated_ = Instant::min();
  return set;
}

// Applies the injected misconfigurations of this set to its firewalls. Rule::began must be set in
// all rules of the set.
void RuleSet::resolve_firewalls(const std::unordered_map<std::string_view, RuleRef>& before) {
  for (auto& rule : rules_) {
    auto whole = with_mistakes(*rule, rules_);
    if (!whole) continue;
    const auto old = before.find(whole->name);
    if (old != before.end() && old->second->definition == whole->definition) {
      rule = old->second;
      continue;
    }
    whole->began = activated_;
    // A firewall of this name was loaded before, so continue its counters.
    if (old != before.end()) whole->state = old->second->state;
    rule = std::move(whole);
  }
}

void RuleSet::index_rule(std::uint32_t number) {
  const auto& rule = rules_[number];
  const bool on_syns = rule->fault->loses_syns() || rule->fault->answers_syns();
  if (on_syns || rule->kind == &kFirewallKind) losing_syns_.push_back(rule);
  if (rule->queues_all_accepts()) queueing_.push_back(rule);
  if (rule->kind->level == Level::kListener) {
    down_.push_back(rule);
    return;
  }
  if (rule->kind->level == Level::kFirewall) return;
  has_observers_ = has_observers_ || rule->kind->observes_all;
  has_dial_rules_ = has_dial_rules_ || acts_on_dial(*rule);
  has_response_rules_ = has_response_rules_ || rule->match.of_response();
  has_host_rules_ = has_host_rules_ || rule->match.is_for_host();
  has_server_rules_ = has_server_rules_ || rule->match.is_for_server();
  const auto add = [&](Index& index) {
    // A match may name a listener twice.
    const bool known = !index.any.empty() && index.any.back() == number;
    if (rule->match.client.empty() && !known) index.any.push_back(number);
    for (const auto& prefix : rule->match.client) {
      index.by_prefix[prefix.length][prefix.network].push_back(number);
    }
  };
  if (rule->match.listener.empty()) add(every_listener_);
  for (const auto& listener : rule->match.listener) add(listeners_.change(listener));
}

void RuleSet::look_up(const Index& index, const FlowFacts& flow,
                      std::vector<std::uint32_t>& found) {
  found.insert(found.end(), index.any.begin(), index.any.end());
  if (!flow.client) return;
  for (const auto& [length, networks] : index.by_prefix) {
    const auto hit = networks.find(masked(*flow.client, length));
    if (hit != networks.end()) found.insert(found.end(), hit->second.begin(), hit->second.end());
  }
}

std::span<const std::uint32_t> RuleSet::candidates(const FlowFacts& flow,
                                                   std::vector<std::uint32_t>& merged) const {
  const auto* own = listeners_.find(flow.listener);
  if (own == nullptr && every_listener_.by_prefix.empty()) return every_listener_.any;
  if (own != nullptr && every_listener_.empty() && own->by_prefix.empty()) return own->any;
  look_up(every_listener_, flow, merged);
  if (own != nullptr) look_up(*own, flow, merged);
  if (!std::is_sorted(merged.begin(), merged.end(), std::less_equal<>{})) {
    std::sort(merged.begin(), merged.end());
    merged.erase(std::unique(merged.begin(), merged.end()), merged.end());
  }
  return merged;
}

bool RuleSet::may_match(const std::string& listener) const {
  if (rules_.empty()) return false;
  return !every_listener_.empty() || listeners_.contains(listener);
}

Instant RuleSet::next_accept(const std::string& listener, Instant now) const {
  Instant next = Instant::min();
  for (const auto& rule : queueing_) {
    if (!rule->match.selects_listener(listener)) continue;
    const Window window = rule->schedule.window(rule->began, now);
    if (!window.contains(now)) continue;
    next = std::max(next, std::min(rule->fault->next_accept(*rule->state->shared), window.close));
  }
  return next;
}

bool RuleSet::any_down(const std::string& listener, Instant now, bool dropped) const {
  bool any = false;
  for_each_down(listener, [&](const Rule& rule) {
    const bool meant = rule.fault->loses_syns() == dropped;
    any = any || (meant && rule.schedule.window(rule.began, now).contains(now));
  });
  return any;
}

bool RuleSet::down(const std::string& listener, Instant now) const {
  return any_down(listener, now, false);
}

bool RuleSet::dropped(const std::string& listener, Instant now) const {
  return any_down(listener, now, true);
}

bool RuleSet::down_cuts_live(const std::string& listener, Instant now) const {
  bool cuts = false;
  for_each_down(listener, [&](const Rule& rule) {
    const bool on = rule.schedule.window(rule.began, now).contains(now);
    cuts = cuts || (on && rule.fault->cuts_live_connections());
  });
  return cuts;
}

Instant RuleSet::next_down_change(const std::string& listener, Instant now) const {
  Instant next = kNever;
  for_each_down(listener, [&](const Rule& rule) {
    const Window window = rule.schedule.window(rule.began, now);
    if (window.open > now) next = std::min(next, window.open);
    if (window.close > now) next = std::min(next, window.close);
  });
  return next;
}

}  // namespace brownout::rules
