// port_block: a port is closed by a line ahead of all others, for live flows too.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kPortBlock;

}  // namespace brownout::rules
