// drop: datagrams vanish. With `probability` and `per = "chunk"`, some of them.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kDrop;

}  // namespace brownout::rules
