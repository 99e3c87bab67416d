// idle_timeout: a NAT or a stateful firewall forgets a flow that was idle for too long. Neither
// end is told: the connection is half-open, and what is sent on it later vanishes.
//
// A session of datagrams is remembered again as soon as its client sends; until then what the
// server sends is lost.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kIdleTimeout;

}  // namespace brownout::rules
