// truncate_body: the body breaks off, and the connection closes: less comes than was announced.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kTruncateBody;

}  // namespace brownout::rules
