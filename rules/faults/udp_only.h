// udp_only: a firewall that opens port 53 for UDP only. Large answers, which need TCP, never
// arrive.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kUdpOnly;

}  // namespace brownout::rules
