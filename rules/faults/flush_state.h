// flush_state: the firewall forgets the flows that it knew (a restart, a failover without state
// sync). What they send vanishes without a word; a client that connects again is served.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kFlushState;

}  // namespace brownout::rules
