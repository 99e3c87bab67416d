// These functions select the rules that act on a connection or a UDP session. Pure but for the
// rules' counters; any thread.
//
//   plan_arrival   when a flow arrives: counts ordinals, runs connection-level faults
//   plan_dial      before each dial of a server: decides whether the server is reachable
//   plan_server    when the server is known: adds the rules that match on the destination
//   plan_reload    when the rules change: keeps unchanged rules and adds new ones; rules with
//                  first, after or every act only on connections that arrive after they began
#pragma once

#include <utility>
#include <vector>

#include "rules/engine/admission.h"
#include "rules/engine/rule_set.h"

namespace brownout::rules {

// Counts a connection, session, query or message for the rule. False if the rule's first, after or
// every excludes it.
bool count_arrival(const Rule& rule, const FlowFacts& flow);
// True if the rule's ordinals count the datagrams of the session instead of sessions; its stage
// calls count_arrival() for each.
bool counts_datagrams(const Rule& rule, const FlowFacts& flow);

struct Arrival {
  std::vector<RuleRef> rules;  // rules that act on the flow's data, in file order
  Admission admission;
  std::vector<std::pair<RuleRef, Note>> notes;
};

Arrival plan_arrival(const RuleSet& set, const FlowFacts& flow);
// Called when a server has been chosen (flow.destination), before it is dialed. Applies firewalls
// and connection-level rules that match on the destination. Fills in admission and notes only:
// kRefuse is a refused connect, kHang a connect without an answer.
Arrival plan_dial(const RuleSet& set, const FlowFacts& flow, Instant now);
// Called with the ClientHello (flow.hello); decides about the TLS handshake.
struct Handshake {
  TlsVerdict verdict;
  std::vector<std::pair<RuleRef, Note>> notes;
};
Handshake plan_handshake(const RuleSet& set, const FlowFacts& flow);
void plan_server(const RuleSet& set, const FlowFacts& flow, std::vector<RuleRef>& rules);
std::vector<RuleRef> plan_reload(const RuleSet& set, const FlowFacts& flow,
                                 const std::vector<RuleRef>& before);

// Whether the rule acts on messages of these protocols. Rules with per = "request" act on HTTP
// requests instead (plan_http.h).
bool acts_on_messages(const Rule& rule, ProtocolSet protocols);
// The rules that act on the messages of a connection (flow.carrier is kMessage). Each message is
// matched and counted when it arrives.
std::vector<RuleRef> plan_messages(const RuleSet& set, const FlowFacts& flow, Direction direction);

// The number of rules in `bytes` that precede the first rule of `messages` in the file.
std::size_t ahead_of_messages(const RuleSet& set, const std::vector<RuleRef>& bytes,
                              const std::vector<RuleRef>& messages);
// The rules that may act on data in one direction of the flow, now or later.
std::vector<RuleRef> for_direction(const std::vector<RuleRef>& rules, Direction direction);

}  // namespace brownout::rules
