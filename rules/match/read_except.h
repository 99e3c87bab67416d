// Parses the key `not` of a rule's `match`: tables of conditions that exclude traffic. Errors are
// added to `problems`. Pure; any thread.
#pragma once

#include "rules/match/match.h"

namespace brownout::rules {

void read_except(const Node& node, Match& match, Diagnostics& problems);

}  // namespace brownout::rules
