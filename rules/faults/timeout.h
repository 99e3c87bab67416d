// timeout: everything is swallowed, and after a while the connection closes. Toxiproxy has it under
// this name.
//
// The while counts from the first byte that was swallowed, whatever the traffic. When the rule goes
// away after it swallowed something, the connection closes: the stream has a hole. See hanging
// faults (unplug, limit_time) for a line that holds its bytes instead.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kTimeout;

}  // namespace brownout::rules
