// rule_order: a line stands in the wrong place: a broad drop before the narrow accepts that it was
// meant to follow.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kRuleOrder;

}  // namespace brownout::rules
