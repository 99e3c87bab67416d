// limit_time: a connection works for a time, then it closes or hangs, even under constant traffic.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kLimitTime;

}  // namespace brownout::rules
