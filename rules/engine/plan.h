// Which rules act on a connection or a UDP session: decided when it arrives, when its server is
// known, and again when the rules change. Pure but for the rules' counters.
//
//   plan_arrival   counts ordinals, runs connection-level faults; what it finds stays with the flow
//   plan_dial      for each server that may be dialled: whether it can be reached
//   plan_server    adds the rules that match on the destination, now that it is known
//   plan_reload    what the flow keeps of its rules and what it gains under a new set; rules with
//                  first, after or every only count connections that arrive after they began
#pragma once

#include <utility>
#include <vector>

#include "rules/engine/admission.h"
#include "rules/engine/rule_set.h"

namespace brownout::rules {

// Counts a connection, session or query for this rule; false when its ordinal is not meant.
bool count_arrival(const Rule& rule);

struct Arrival {
  std::vector<RuleRef> rules;  // bytes-level, in file order
  Admission admission;
  std::vector<std::pair<RuleRef, Note>> notes;
};

Arrival plan_arrival(const RuleSet& set, const FlowFacts& flow);
// A server has been chosen (flow.destination), and will be dialled: firewalls, and connection-level
// rules that match on the destination. Only the admission and the notes are filled in: kRefuse is a
// refused connect, kHang one that is never answered.
Arrival plan_dial(const RuleSet& set, const FlowFacts& flow, Instant now);
// The client's hello is there (flow.hello): what becomes of the handshake.
struct Handshake {
  TlsVerdict verdict;
  std::vector<std::pair<RuleRef, Note>> notes;
};
Handshake plan_handshake(const RuleSet& set, const FlowFacts& flow);
void plan_server(const RuleSet& set, const FlowFacts& flow, std::vector<RuleRef>& rules);
std::vector<RuleRef> plan_reload(const RuleSet& set, const FlowFacts& flow,
                                 const std::vector<RuleRef>& before);

// Whether it acts on messages of these protocols (a set of MessageProtocol); what is drawn for each
// request acts on requests (plan_http.h).
bool acts_on_messages(const Rule& rule, ProtocolSet protocols);
// Those that act on the messages of a connection (flow.carrier), each of which is matched and
// counted when it comes.
std::vector<RuleRef> plan_messages(const RuleSet& set, const FlowFacts& flow, Direction direction);

// Those of `rules` that may act on one direction of this flow, now or later.
// Of rules on the bytes of a flow, how many stand in the file ahead of the first of those on its
// messages.
std::size_t ahead_of_messages(const RuleSet& set, const std::vector<RuleRef>& bytes,
                              const std::vector<RuleRef>& messages);
std::vector<RuleRef> for_direction(const std::vector<RuleRef>& rules, Direction direction);

}  // namespace brownout::rules
