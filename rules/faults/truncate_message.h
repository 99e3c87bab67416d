// truncate_message: a message arrives cut short, as a whole message of that length.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kTruncateMessage;

}  // namespace brownout::rules
