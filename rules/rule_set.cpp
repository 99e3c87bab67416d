#include "rules/rule_set.h"

#include <algorithm>

#include "rules/firewall_fault.h"

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
    if (!draft.enabled) continue;
    const auto old = before.find(draft.name);
    if (old != before.end() && old->second->definition == draft.definition) {
      set->rules_.push_back(old->second);
    } else {
      auto rule = std::make_shared<Rule>(draft);
      rule->seed = seed;
      rule->began = now;
      rule->state = std::make_shared<RuleState>();
      rule->state->shared = rule->fault->make_state();
      set->rules_.push_back(std::move(rule));
    }
  }
  set->resolve_firewalls(before);
  for (std::size_t i = 0; i < set->rules_.size(); ++i) {
    set->index_rule(static_cast<std::uint32_t>(i));
  }
  return set;
}

std::shared_ptr<const RuleSet> RuleSet::afresh() const {
  auto set = std::shared_ptr<RuleSet>(new RuleSet(*this));
  set->activated_ = Instant::min();
  return set;
}

// Once all mistakes have begun: a firewall is the correct list with the mistakes of this set.
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
    // Its counters go on.
    if (old != before.end()) whole->state = old->second->state;
    rule = std::move(whole);
  }
}

void RuleSet::index_rule(std::uint32_t number) {
  const auto& rule = rules_[number];
  if (rule->kind->level == Level::kListener) {
    down_.push_back(rule);
    return;
  }
  if (rule->kind->level == Level::kFirewall) return;
  const auto add = [&](Index& index) {
    if (rule->match.client.empty()) index.any.push_back(number);
    for (const auto& prefix : rule->match.client) {
      index.by_prefix[prefix.length][prefix.network].push_back(number);
    }
  };
  if (rule->match.listener.empty()) add(every_listener_);
  for (const auto& listener : rule->match.listener) add(listeners_[listener]);
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

void RuleSet::candidates(const FlowFacts& flow, std::vector<std::uint32_t>& found) const {
  look_up(every_listener_, flow, found);
  const auto own = listeners_.find(flow.listener);
  if (own != listeners_.end()) look_up(own->second, flow, found);
  if (std::is_sorted(found.begin(), found.end(), std::less_equal<>{})) return;
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
}

bool RuleSet::may_match(const std::string& listener) const {
  return !every_listener_.any.empty() || !every_listener_.by_prefix.empty() ||
         listeners_.contains(listener);
}

bool RuleSet::down(const std::string& listener, Instant now) const {
  bool closed = false;
  for_each_down(listener, [&](const Rule& rule) {
    closed = closed || rule.schedule.window(rule.began).contains(now);
  });
  return closed;
}

bool RuleSet::down_cuts_live(const std::string& listener, Instant now) const {
  bool cuts = false;
  for_each_down(listener, [&](const Rule& rule) {
    const bool on = rule.schedule.window(rule.began).contains(now);
    cuts = cuts || (on && rule.fault->cuts_live_connections());
  });
  return cuts;
}

Instant RuleSet::next_down_change(const std::string& listener, Instant now) const {
  Instant next = kNever;
  for_each_down(listener, [&](const Rule& rule) {
    const Window window = rule.schedule.window(rule.began);
    if (window.open > now) next = std::min(next, window.open);
    if (window.close > now) next = std::min(next, window.close);
  });
  return next;
}

}  // namespace brownout::rules
