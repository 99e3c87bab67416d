// tcp_only: a firewall that lets DNS over TCP through and drops it over UDP.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kTcpOnly;

}  // namespace brownout::rules
