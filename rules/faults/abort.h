// abort: the request is answered here, with a status of your choice; the server never sees it.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kAbort;

}  // namespace brownout::rules
