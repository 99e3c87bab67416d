// rewrite_header: headers of a request or a response are set, removed or added. The others stay as
// they were, in order and in case.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kRewriteHeader;

}  // namespace brownout::rules
