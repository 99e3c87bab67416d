// servfail: the resolver could not find out, as when all servers of a zone are unreachable
// (WhatsApp, 4 October 2021).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kServfail;

}  // namespace brownout::rules
