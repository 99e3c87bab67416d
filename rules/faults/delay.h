// delay: a request, its response, or a WebSocket message waits before it goes on. What comes
// meanwhile waits behind it; latency is the fault for every byte of a connection.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kDelay;

}  // namespace brownout::rules
