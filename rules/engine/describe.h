// Describes what a rule acted on, under the names of the keys that match it.
#pragma once

#include "rules/match/match.h"

namespace brownout::rules {

// Tells the properties of a connection, request or query, and of `message`, which may be null. The
// status of a response, a number, is left out. A trace is told too (rules/message/trace.h).
void describe(const FlowFacts& flow, const Message* message, const Tell& tell);
// The names of all properties that describe() may tell.
std::vector<std::string> described_keys();

}  // namespace brownout::rules
