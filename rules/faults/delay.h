// delay: a request, or its response, waits before it goes on. Bytes of the body that come meanwhile
// wait behind it; latency is the fault for every byte of a connection.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kDelay;

}  // namespace brownout::rules
