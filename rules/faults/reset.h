// reset: both ends get a RST (RFC 9293, 3.5.2): at once, after a time, after a number of bytes, or,
// with probability per = "chunk", at the first chunk that the dice choose.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kReset;

}  // namespace brownout::rules
