// half_open: the other end is gone and nobody was told. Messages vanish, the connection stays, and
// a client's Pings are still answered: it believes that it is connected.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kHalfOpen;

}  // namespace brownout::rules
