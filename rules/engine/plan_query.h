// Which rules act on one DNS query, and what they do to it: the counterpart of plan.h. Pure but for
// the rules' counters and what their faults share. Any thread.
#pragma once

#include <utility>
#include <vector>

#include "rules/engine/dns_fault.h"
#include "rules/engine/plan_holds.h"
#include "rules/engine/rule_set.h"

namespace brownout::rules {

// Kept with the query until its answer has been sent.
class QueryPlan {
 public:
  using Notes = std::vector<std::pair<RuleRef, Note>>;

  QueryPlan() = default;
  // The rules that match and that the dice choose, in file order. `query.dns.question` is set; the
  // facts are borrowed for each call.
  QueryPlan(const RuleSet& set, const FlowFacts& query);

  // No rule acts, or observes: the answer passes as it is.
  bool empty() const { return rules_.empty() && observers_.empty(); }

  DnsVerdict on_query(const FlowFacts& query, Notes& notes);
  // Of a reply that on_query() made, or that a resolver gave.
  void on_reply(const FlowFacts& query, DnsReply& reply, Instant now, Notes& notes) const;
  // Rules behind one that lost it do not see it.
  void on_wire(const FlowFacts& query, DnsWire& wire, Instant now, Notes& notes);
  // What holds the answer.
  PlanHolds& holds() { return holds_; }

 private:
  static DnsContext context_of(const Rule& rule, const FlowFacts& query, Instant now);
  static void note(const RuleRef& rule, const std::optional<Note>& done, Notes& notes);

  std::vector<RuleRef> rules_;
  std::vector<RuleRef> observers_;  // others
  PlanHolds holds_;
  std::size_t made_by_ = 0;  // rules before this one do not see the reply
};

}  // namespace brownout::rules
