// redirect: the client is sent elsewhere; the server never sees the request.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kRedirect;

}  // namespace brownout::rules
