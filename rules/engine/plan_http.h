// Which rules act on one HTTP request and its response, and what they do to them: the counterpart
// of plan.h and plan_query.h. Pure but for the rules' counters and what their faults share.
#pragma once

#include <utility>
#include <vector>

#include "rules/engine/http_fault.h"
#include "rules/engine/plan_holds.h"
#include "rules/engine/rule_set.h"

namespace brownout::rules {

// Whether it acts on the requests of a listener whose connections may speak these protocols, too (a
// set of MessageProtocol): where messages come later, what drops or changes messages leaves the
// request for them alone, unless it is drawn per request.
bool acts_on_requests(const Rule& rule, ProtocolSet speaks);

// Kept with the request until its response is over. Thread: that of the flow.
class HttpPlan {
 public:
  using Notes = std::vector<std::pair<RuleRef, Note>>;

  HttpPlan() = default;
  HttpPlan(const HttpPlan&) = delete;
  HttpPlan& operator=(const HttpPlan&) = delete;
  ~HttpPlan() { clear(); }

  // The rules that match the request and that the dice choose; what they do to it. `request.http`
  // is set; the facts are borrowed for the call.
  void on_request(const RuleSet& set, const FlowFacts& request, HttpMessage& message, Instant now,
                  Notes& notes);
  // Of a response that a rule made, or of the server; its head is in `request.http`. Rules that
  // went away since do not act; rules about the status join.
  void on_response(const RuleSet& set, const FlowFacts& request, HttpMessage& message, Instant now,
                   Notes& notes);
  // What holds the request, then the response.
  PlanHolds& holds() { return holds_; }
  const PlanHolds& holds() const { return holds_; }
  // Those that act on the body, in this direction, for a chain.
  std::vector<RuleRef> body_rules(Direction direction) const;
  // Of them, those that `set` still has.
  std::vector<RuleRef> body_rules(Direction direction, const RuleSet& set) const;

  // Whether `set` still has all its rules.
  bool holds_in(const RuleSet& set) const;
  // The request is over.
  void clear();

 private:
  bool join(const RuleRef& rule, const FlowFacts& request, Instant now);
  void run(const FlowFacts& request, HttpMessage& message, Instant now, std::size_t from,
           Notes& notes);
  void tell_observers(const RuleSet& set, const FlowFacts& request, const HttpMessage& message,
                      Instant now);

  std::vector<RuleRef> rules_;
  PlanHolds holds_;
  std::size_t made_by_ = 0;  // rules before this one do not see the response
};

}  // namespace brownout::rules
