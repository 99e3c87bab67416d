// RuleSet contains all active rules. It is immutable: event loops share it by pointer, and a reload
// replaces the pointer.
//
// Rules are indexed by listener and client prefix, so that thousands of rules for other listeners
// or clients cost nothing per connection. Any thread.
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
  // Activates the enabled rules at `now`. A rule that `previous` contains with the same name,
  // definition and seed is kept: its schedule, counters and shared state continue.
  static std::shared_ptr<const RuleSet> activate(const std::vector<Rule>& rules, std::uint64_t seed,
                                                 Instant now, const RuleSet* previous = nullptr);

  // Returns a copy of `set` in which `fresh` replaces each rule whose match names exactly one
  // listener, if that listener is one of `listeners`. All other rules are shared with `set`, which
  // is cheap.
  static std::shared_ptr<const RuleSet> with_replaced(const RuleSet& set,
                                                      const std::vector<std::string>& listeners,
                                                      const std::vector<Rule>& fresh, Instant now);

  // Returns a copy for which retained() is false for every rule, so that plan_reload() adds every
  // rule to open connections. Used after a halt, because a halt removes all rules from open
  // connections.
  std::shared_ptr<const RuleSet> afresh() const;

  std::span<const RuleRef> rules() const { return rules_; }
  std::uint64_t seed() const { return seed_; }
  // Whether the rule took effect before this set was activated.
  bool retained(const Rule& rule) const { return rule.began < activated_; }

  // Calls visit(rule) for each rule that matches the flow, in the order of the rule file. The keys
  // `first`, `after` and `every` are not checked.
  template <class Visit>
  void for_each_match(const FlowFacts& flow, Visit visit) const {
    std::vector<std::uint32_t> merged;
    for (const auto index : candidates(flow, merged)) {
      const auto& rule = rules_[index];
      if (!rule->kind->carries(flow.carrier) || !rule->fault->acts_on(flow.carrier)) continue;
      // Keys of messages select no query, request or datagram.
      if (rule->match.is_for_messages() && flow.carrier != Carrier::kMessage) continue;
      if (rule->match.matches(flow)) visit(rule);
    }
  }
  // Calls visit(rule) for each rule with observes_all (FaultKind) that may match the listener and
  // the client of the flow. Other keys of the match are not checked.
  template <class Visit>
  void for_each_observer(const FlowFacts& flow, Visit visit) const {
    if (!has_observers_) return;
    std::vector<std::uint32_t> merged;
    for (const auto index : candidates(flow, merged)) {
      const auto& rule = rules_[index];
      const bool carried = rule->kind->carries(flow.carrier) && rule->fault->acts_on(flow.carrier);
      if (carried && rule->kind->observes_all) visit(rule);
    }
  }
  // Calls visit(rule) for each rule that may match the listener and the client of the flow. Neither
  // other keys of the match nor the carriers of the fault are checked.
  template <class Visit>
  void for_each_candidate(const FlowFacts& flow, Visit visit) const {
    std::vector<std::uint32_t> merged;
    for (const auto index : candidates(flow, merged)) visit(rules_[index]);
  }
  bool has(const RuleRef& rule) const {
    return std::find(rules_.begin(), rules_.end(), rule) != rules_.end();
  }
  // Whether any rule may act on flows of this listener.
  bool may_match(const std::string& listener) const;
  // Whether any rule may act when a connection is opened to a server for a client of this listener
  // (plan_dial()).
  bool may_act_on_dial(const std::string& listener) const {
    return has_dial_rules_ && may_match(listener);
  }
  // Whether any rule may act on a response although none acts on its request: it matches on
  // responses, or observes all messages.
  bool may_act_on_responses() const { return has_response_rules_ || has_observers_; }
  // Whether a rule matches on the name of the host, or on the server's address.
  bool has_host_rules() const { return has_host_rules_; }
  bool has_server_rules() const { return has_server_rules_; }

  // Whether a rule keeps the listener's port closed at `now`, so that clients are refused, or
  // dropped, so that they get no answer. next_down_change() returns the next time at which that
  // changes.
  bool down(const std::string& listener, Instant now) const;
  bool dropped(const std::string& listener, Instant now) const;
  Instant next_down_change(const std::string& listener, Instant now) const;
  // Whether a rule that keeps the port closed at `now` also resets the open connections.
  bool down_cuts_live(const std::string& listener, Instant now) const;
  // Calls visit(rule) for each rule that closes the listener's port at some time.
  template <class Visit>
  void for_each_down(const std::string& listener, Visit visit) const {
    for (const auto& rule : down_) {
      if (rule->match.selects_listener(listener)) visit(*rule);
    }
  }
  // Calls visit(rule) for each firewall and each rule that can drop or reject SYNs to the listener,
  // in the order of the rule file.
  template <class Visit>
  void for_each_losing_syns(const std::string& listener, Visit visit) const {
    for (const auto& rule : losing_syns_) {
      if (rule->match.selects_listener(listener)) visit(rule);
    }
  }
  // Returns the time at which the next connection may be accepted, by the rules that simulate a
  // slow accept loop for all connections of the listener. An instant in the past means now. Rules
  // for only some connections are ignored.
  Instant next_accept(const std::string& listener, Instant now) const;
  bool any_queues_accepts() const { return !queueing_.empty(); }
  bool any_loses_syns() const { return !losing_syns_.empty(); }

 private:
  // Indices into rules_ for one listener: `any` for rules without client prefix, the others by
  // prefix length and prefix.
  struct Index {
    std::vector<std::uint32_t> any;  // in ascending order
    std::map<unsigned, std::map<IpAddress, std::vector<std::uint32_t>>> by_prefix;
    bool empty() const { return any.empty() && by_prefix.empty(); }
  };

  RuleSet() = default;
  void resolve_firewalls(const std::unordered_map<std::string_view, RuleRef>& before);
  void take(const Rule& draft, const std::unordered_map<std::string_view, RuleRef>& before);
  void index_all();
  void index_rule(std::uint32_t number);
  // Returns the indices into rules_ of the rules that may match the listener and the client of the
  // flow, in order. Uses `merged` for the result if several lists apply.
  std::span<const std::uint32_t> candidates(const FlowFacts& flow,
                                            std::vector<std::uint32_t>& merged) const;
  bool any_down(const std::string& listener, Instant now, bool dropped) const;
  static void look_up(const Index& index, const FlowFacts& flow, std::vector<std::uint32_t>& found);

  std::vector<RuleRef> rules_;
  std::uint64_t seed_ = 0;
  Instant activated_{};
  Index every_listener_;
  SharedMap<Index> listeners_;
  std::vector<RuleRef> down_;
  std::vector<RuleRef> losing_syns_;
  std::vector<RuleRef> queueing_;
  bool has_observers_ = false;
  bool has_dial_rules_ = false;
  bool has_response_rules_ = false;
  bool has_host_rules_ = false;
  bool has_server_rules_ = false;
};

}  // namespace brownout::rules
