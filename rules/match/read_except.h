// Reads the key `not` of a match. Used while a rule file is read; one thread.
#pragma once

#include "rules/match/match.h"

namespace brownout::rules {

void read_except(const Node& node, Match& match, Diagnostics& problems);

}  // namespace brownout::rules
