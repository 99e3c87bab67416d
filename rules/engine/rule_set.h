// RuleSet: the compiled rules as one immutable value that loops share by pointer; a reload swaps
// the pointer.
//
// Thousands of rules cost nothing for a connection that they do not mean: rules are indexed by
// listener and client prefix, so that only candidates are looked at.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "rules/base/shared_map.h"
#include "rules/engine/rule.h"

namespace brownout::rules {

using RuleRef = std::shared_ptr<const Rule>;

class RuleSet {
 public:
  // Those that are enabled take effect at `now`. A rule that stands in `previous` with the same
  // name, definition and seed goes on as it is: its schedule, its counters and what its flows
  // share.
  static std::shared_ptr<const RuleSet> activate(const std::vector<Rule>& rules, std::uint64_t seed,
                                                 Instant now, const RuleSet* previous = nullptr);

  // The same, but for the rules that mean only one of these listeners: in their place are those of
  // `fresh`. Costs little for each rule that stays.
  static std::shared_ptr<const RuleSet> with_replaced(const RuleSet& set,
                                                      const std::vector<std::string>& listeners,
                                                      const std::vector<Rule>& fresh, Instant now);

  // The same rules, and each acts on live flows as if it had just been loaded: they have met none,
  // since all rules were halted.
  std::shared_ptr<const RuleSet> afresh() const;

  std::span<const RuleRef> rules() const { return rules_; }
  std::uint64_t seed() const { return seed_; }
  // Whether this rule took effect before this set did.
  bool retained(const Rule& rule) const { return rule.began < activated_; }

  // Calls visit(rule) for each rule that matches the flow but for its ordinals, in file order.
  template <class Visit>
  void for_each_match(const FlowFacts& flow, Visit visit) const {
    std::vector<std::uint32_t> found;
    candidates(flow, found);
    for (const auto index : found) {
      const auto& rule = rules_[index];
      if (!rule->kind->carries(flow.carrier) || !rule->fault->acts_on(flow.carrier)) continue;
      if (rule->match.matches(flow)) visit(rule);
    }
  }
  // The same for each rule that observes all (FaultKind) messages of this listener and client,
  // whether or not its match means this one.
  template <class Visit>
  void for_each_observer(const FlowFacts& flow, Visit visit) const {
    if (!has_observers_) return;
    std::vector<std::uint32_t> found;
    candidates(flow, found);
    for (const auto index : found) {
      const auto& rule = rules_[index];
      const bool carried = rule->kind->carries(flow.carrier) && rule->fault->acts_on(flow.carrier);
      if (carried && rule->kind->observes_all) visit(rule);
    }
  }
  bool has(const RuleRef& rule) const {
    return std::find(rules_.begin(), rules_.end(), rule) != rules_.end();
  }
  bool may_match(const std::string& listener) const;

  // Whether a rule keeps this listener's port closed, and when that next changes.
  bool down(const std::string& listener, Instant now) const;
  Instant next_down_change(const std::string& listener, Instant now) const;
  bool down_cuts_live(const std::string& listener, Instant now) const;
  // Calls visit(rule) for each rule that may keep this listener down.
  template <class Visit>
  void for_each_down(const std::string& listener, Visit visit) const {
    for (const auto& rule : down_) {
      const auto& names = rule->match.listener;
      if (names.empty() || std::find(names.begin(), names.end(), listener) != names.end())
        visit(*rule);
    }
  }

 private:
  // Rules of one listener: those for any client, and those for prefixes by their length.
  struct Index {
    std::vector<std::uint32_t> any;
    std::map<unsigned, std::map<IpAddress, std::vector<std::uint32_t>>> by_prefix;
  };

  RuleSet() = default;
  void resolve_firewalls(const std::unordered_map<std::string_view, RuleRef>& before);
  void take(const Rule& draft, const std::unordered_map<std::string_view, RuleRef>& before);
  void index_all();
  void index_rule(std::uint32_t number);
  void candidates(const FlowFacts& flow, std::vector<std::uint32_t>& found) const;
  static void look_up(const Index& index, const FlowFacts& flow, std::vector<std::uint32_t>& found);

  std::vector<RuleRef> rules_;
  std::uint64_t seed_ = 0;
  Instant activated_{};
  Index every_listener_;
  SharedMap<Index> listeners_;
  std::vector<RuleRef> down_;
  bool has_observers_ = false;
};

}  // namespace brownout::rules
