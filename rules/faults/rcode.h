// rcode: any response code, by name or number; above 15 needs a client that speaks EDNS (RFC 6891,
// 6.1.3).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kRcode;

}  // namespace brownout::rules
