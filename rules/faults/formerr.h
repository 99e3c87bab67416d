// formerr: the resolver says that it cannot read the query, as old servers do of EDNS.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kFormerr;

}  // namespace brownout::rules
