// Messages arrive with another text.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kReplace;

}  // namespace brownout::rules
