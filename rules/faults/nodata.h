// nodata: the name exists, but has no record of the type that was asked: NOERROR and an empty
// answer.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kNodata;

}  // namespace brownout::rules
