// QueryPlan selects the rules that act on one DNS query and its answer, and applies them. See
// plan.h for connections and plan_http.h for HTTP. Apart from the rules' counters and the state
// that faults share, it has no side effects. Any thread.
#pragma once

#include <utility>
#include <vector>

#include "rules/engine/dns_fault.h"
#include "rules/engine/plan_holds.h"
#include "rules/engine/rule_set.h"

namespace brownout::rules {

// Exists until the answer has been sent.
class QueryPlan {
 public:
  // Entries for the event log, each with its rule.
  using Notes = std::vector<std::pair<RuleRef, Note>>;

  QueryPlan() = default;
  // Selects the rules by match and random draw, in the order of the rule file. `query.dns.question`
  // must be set. The facts are borrowed during each call.
  QueryPlan(const RuleSet& set, const FlowFacts& query);

  // Whether no rule acts on or observes the query, so that its answer passes unchanged.
  bool empty() const { return rules_.empty() && observers_.empty(); }

  DnsVerdict on_query(const FlowFacts& query, Notes& notes);
  // Applies the rules to an answer, made by on_query() or by a resolver.
  void on_reply(const FlowFacts& query, DnsReply& reply, Instant now, Notes& notes) const;
  // Applies the rules to the encoded answer, until a rule drops the answer.
  void on_wire(const FlowFacts& query, DnsWire& wire, Instant now, Notes& notes);
  // Returns the holds (hold.h) for which the answer waits.
  PlanHolds& holds() { return holds_; }

 private:
  static DnsContext context_of(const Rule& rule, const FlowFacts& query, Instant now);
  static void note(const RuleRef& rule, const FlowFacts& query, std::optional<Note> done,
                   Notes& notes);

  std::vector<RuleRef> rules_;
  std::vector<RuleRef> observers_;  // rules with observes_all that do not act on the query
  PlanHolds holds_;
  // 1 + index of the rule that made the answer; 0 if no rule made it. Rules before this index are
  // not applied to the answer.
  std::size_t made_by_ = 0;
};

}  // namespace brownout::rules
