// A message waits until another one has passed.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kHoldUntil;

}  // namespace brownout::rules
