// response_rate: the body of a response comes no faster than a rate; its head comes at once.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kResponseRate;

}  // namespace brownout::rules
