// wrong_prefix: a mask was widened or narrowed by a slip of the pen: /16 became /24, or /8.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kWrongPrefix;

}  // namespace brownout::rules
