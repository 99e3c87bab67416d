// Functions that select the rules that act on a connection or a UDP session. Apart from the rules'
// counters they have no side effects. Any thread may call them.
//
//   plan_arrival   when a flow arrives: numbers the flow, applies connection-level faults
//   plan_dial      before each connect to a server: decides whether the server is reachable
//   plan_server    when the server is known: adds the rules that match on its address
//   plan_name      when the client has shown the server's name: keeps and adds rules accordingly
//   plan_reload    when the rules change: keeps unchanged rules and adds new ones. Rules with
//                  first, after or every act only on connections that arrive after the rule began.
#pragma once

#include <utility>
#include <vector>

#include "rules/engine/admission.h"
#include "rules/engine/rule_set.h"

namespace brownout::rules {

// Counts one more connection, session, query or message for the rule. Returns false if the rule's
// `first`, `after` or `every` excludes its number.
bool count_arrival(const Rule& rule, const FlowFacts& flow);
// Whether the rule's `first`, `after` and `every` count the datagrams of a session instead of
// sessions. The stage of such a rule calls count_arrival() for each datagram.
bool counts_datagrams(const Rule& rule, const FlowFacts& flow);

struct Arrival {
  std::vector<RuleRef> rules;  // rules that act on the flow's data, in the order of the rule file
  Admission admission;
  std::vector<std::pair<RuleRef, Note>> notes;  // entries for the event log, each with its rule
};

Arrival plan_arrival(const RuleSet& set, const FlowFacts& flow);
// Decides whether a server is reachable. Call when the server has been chosen (flow.destination),
// before the connection to it is opened. Applies firewalls and those connection-level rules that
// match on the destination. Sets only `admission` and `notes`. kRefuse means that the server
// refuses the connection, kHang that it does not answer.
Arrival plan_dial(const RuleSet& set, const FlowFacts& flow, Instant now);
// Whether plan_dial() may apply the rule.
bool acts_on_dial(const Rule& rule);
// The decision about a TLS handshake, made when its ClientHello (flow.hello) has arrived.
struct Handshake {
  TlsVerdict verdict;
  std::vector<std::pair<RuleRef, Note>> notes;
};
Handshake plan_handshake(const RuleSet& set, const FlowFacts& flow);
void plan_server(const RuleSet& set, const FlowFacts& flow, std::vector<RuleRef>& rules);
// `before` has the flow's facts at the time when `rules` were selected.
void plan_name(const RuleSet& set, const FlowFacts& before, const FlowFacts& flow,
               std::vector<RuleRef>& rules);
std::vector<RuleRef> plan_reload(const RuleSet& set, const FlowFacts& flow,
                                 const std::vector<RuleRef>& before);

// Whether the rule acts on messages of one of these protocols. Rules with per = "request" act on
// HTTP requests instead (plan_http.h).
bool acts_on_messages(const Rule& rule, ProtocolSet protocols);
// Returns the rules that act on the messages of a connection (flow.carrier is kMessage). Each
// message is matched and counted separately when it arrives.
std::vector<RuleRef> plan_messages(const RuleSet& set, const FlowFacts& flow, Direction direction);

// Returns the number of rules in `bytes` that come before the first rule of `messages` in the rule
// file.
std::size_t ahead_of_messages(const RuleSet& set, const std::vector<RuleRef>& bytes,
                              const std::vector<RuleRef>& messages);
// Returns the rules that may act on data in one direction of the flow, now or later.
std::vector<RuleRef> for_direction(const std::vector<RuleRef>& rules, Direction direction);

}  // namespace brownout::rules
