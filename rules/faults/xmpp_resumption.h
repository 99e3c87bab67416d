// A server lies about the resumption of a stream (XEP-0198, 5).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kXmppResumption;

}  // namespace brownout::rules
