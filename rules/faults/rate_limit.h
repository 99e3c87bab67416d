// rate_limit: who asks too often gets a 429 with Retry-After (RFC 6585, 4).
//
// A token bucket for all, for each client address, or for each value of a header (an API key, a
// user), as the generic cell rate algorithm: `burst` requests at once, then `rate`.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kRateLimit;

}  // namespace brownout::rules
