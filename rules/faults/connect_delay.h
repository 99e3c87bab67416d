// connect_delay: the dial to the server waits, as on a long or congested path. Each connection
// waits for itself; see slow_accept for a queue.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kConnectDelay;

}  // namespace brownout::rules
