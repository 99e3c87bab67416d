// unplug: the cable is pulled. The connection works, then hangs for ever without closing: no byte,
// no FIN and no RST of one end reaches the other. When the rule goes away (the cable is back)
// everything held is delivered.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kUnplug;

}  // namespace brownout::rules
