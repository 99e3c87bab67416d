// mtu_blackhole: a link with a smaller MTU, behind a firewall that drops "fragmentation needed":
// small messages pass, large ones never arrive, and a stream is stuck behind the first of them
// (RFC 2923, 2.1).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kMtuBlackhole;

}  // namespace brownout::rules
