// close_after_headers: the head of the response arrives, its body never does: the connection
// closes.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kCloseAfterHeaders;

}  // namespace brownout::rules
