// no_close_notify: the connection ends without the alert that says so: a client cannot tell the end
// from an attacker's cut (RFC 8446, 6.1).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kNoCloseNotify;

}  // namespace brownout::rules
