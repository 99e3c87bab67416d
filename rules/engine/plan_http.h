// HttpPlan selects the rules that act on one HTTP request and its response, and applies them. See
// plan.h for connections and plan_query.h for DNS. Apart from the rules' counters and the state
// that faults share, it has no side effects. Owned by the Conversation of the client's connection;
// one thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "rules/engine/http_fault.h"
#include "rules/engine/plan_holds.h"
#include "rules/engine/rule_set.h"

namespace brownout::rules {

// Whether the rule acts on HTTP requests. `protocols` contains the protocols of messages that may
// follow on the connection after its opening request (WebSocket). If it is not empty, a fault on
// messages ignores the opening request, unless the rule has per = "request".
bool acts_on_requests(const Rule& rule, ProtocolSet protocols);

// Exists until the response has ended. Used on the thread of the connection.
class HttpPlan {
 public:
  // Entries for the event log, each with its rule.
  using Notes = std::vector<std::pair<RuleRef, Note>>;

  HttpPlan() = default;
  HttpPlan(const HttpPlan&) = delete;
  HttpPlan& operator=(const HttpPlan&) = delete;
  ~HttpPlan() { clear(); }

  // Selects the rules by match and random draw, and applies them to the request. `request.http`
  // must be set. The facts are borrowed during the call.
  void on_request(const RuleSet& set, const FlowFacts& request, HttpMessage& message, Instant now,
                  Notes& notes);
  // Must be called when the server of the request is known, if it was unknown in on_request(). Adds
  // the rules that match on the server's address (`request.destination`), and applies them.
  void on_server(const RuleSet& set, const FlowFacts& request, HttpMessage& message, Instant now,
                 Notes& notes);
  // Applies the rules to a response of a rule or of the server. `request.http` must contain its
  // head. Removes rules that `set` does not contain, and adds rules that match the status.
  void on_response(const RuleSet& set, const FlowFacts& request, HttpMessage& message, Instant now,
                   Notes& notes);
  // Must be called when the body of a message with `body_readers` has arrived completely. Calls
  // on_body() of these rules, if `set` contains them. Adds to `refusals` why a rule left the body
  // unchanged.
  void on_body(const RuleSet& set, const FlowFacts& request, HttpMessage& message, Instant now,
               Notes& notes, std::vector<std::string>& refusals);
  // Must be called when the stream of a message with `http2.reset` is reset.
  void on_reset(const FlowFacts& request, HttpMessage& message, Notes& notes);
  // Returns the holds (hold.h) for which the request waits; after on_response(), the holds for
  // which the response waits.
  PlanHolds& holds() { return holds_; }
  const PlanHolds& holds() const { return holds_; }
  // Returns the rules for the chain of stages that processes the body in this direction.
  std::vector<RuleRef> body_rules(Direction direction) const;
  // Returns only those body_rules(direction) that `set` contains.
  std::vector<RuleRef> body_rules(Direction direction, const RuleSet& set) const;

  // Whether no rule acts on the request.
  bool empty() const { return rules_.empty(); }
  // Whether `set` contains all rules of the plan.
  bool holds_in(const RuleSet& set) const;
  // Ends the plan, and decrements RuleState::active of its rules.
  void clear();

 private:
  bool join(const RuleRef& rule, const FlowFacts& request, Instant now);
  // Selects the rules again, when more facts are known. Keeps the rules of the plan that still
  // match. Adds rules that match now and whose match needs the new facts: is_late(match) is true.
  // Returns which rules were added.
  template <class IsLate>
  std::vector<bool> select_again(const RuleSet& set, const FlowFacts& request, HttpMessage& message,
                                 Instant now, IsLate is_late);
  void run(const FlowFacts& request, HttpMessage& message, Instant now, std::size_t number,
           Notes& notes);
  static void add_note(const RuleRef& rule, const FlowFacts& request, Note note, Notes& notes);
  void notify_observers(const RuleSet& set, const FlowFacts& request, const HttpMessage& message,
                        Instant now);

  std::vector<RuleRef> rules_;
  PlanHolds holds_;
  // 1 + index of the rule that made the response; 0 if no rule made it. Rules before this index are
  // not applied to the response.
  std::size_t made_by_ = 0;
};

}  // namespace brownout::rules
