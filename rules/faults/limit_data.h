// limit_data: exactly so many bytes pass in a direction of a connection, then it closes. Toxiproxy
// has it under this name.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kLimitData;

}  // namespace brownout::rules
