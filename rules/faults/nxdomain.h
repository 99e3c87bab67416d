// nxdomain: the name does not exist, as far as this resolver knows.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kNxdomain;

}  // namespace brownout::rules
