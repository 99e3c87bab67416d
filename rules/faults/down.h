// down: the port refuses. The listening socket is closed while the rule is on (a connect gets RST,
// as from a machine on which no server runs) and opened again behind it.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kDown;

}  // namespace brownout::rules
