// duplicate: a datagram arrives twice, the copy right behind it (tc-netem(8), duplicate).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kDuplicate;

}  // namespace brownout::rules
