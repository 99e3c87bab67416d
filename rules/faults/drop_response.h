// drop_response: the server does what it was asked, and the client never hears of it: it waits on a
// connection that stays open.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kDropResponse;

}  // namespace brownout::rules
