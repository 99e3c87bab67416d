// ttl: overrides how long answers may be cached. A short one in the phase before a fault keeps
// caches from hiding it; a huge one makes a wrong answer stick.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kTtl;

}  // namespace brownout::rules
