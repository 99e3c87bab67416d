// replace_body: another body, with a Content-Length that is right.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kReplaceBody;

}  // namespace brownout::rules
