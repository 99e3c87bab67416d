// A contact comes and goes many times at once (RFC 6121, 4).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kPresenceStorm;

}  // namespace brownout::rules
