// describe() lists the properties of the traffic on which a rule acted, for the event log. Each
// property has the name of the rule-file key that matches it. Pure functions; any thread.
#pragma once

#include "rules/match/match.h"

namespace brownout::rules {

// Calls tell(name, value) for each property of a connection, request or query, and of `message`,
// which may be null. Also tells the trace to which the traffic belongs (rules/message/trace.h). The
// status of a response is left out, because it is a number.
void describe(const FlowFacts& flow, const Message* message, const Tell& tell);
// Returns the names of all properties that describe() may tell.
std::vector<std::string> described_keys();

}  // namespace brownout::rules
