// refused: the resolver does not want to answer this client.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kRefused;

}  // namespace brownout::rules
