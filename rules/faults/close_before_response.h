// close_before_response: the server answers, and the client's connection closes instead.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kCloseBeforeResponse;

}  // namespace brownout::rules
