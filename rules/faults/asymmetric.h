// asymmetric: one direction works, the other does not: a route or a firewall that was changed on
// one side only. What is sent the dead way is lost without a word.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kAsymmetric;

}  // namespace brownout::rules
