// connection_limit: only so many connections at a time, over all that the rule hits or for each
// client; the others are refused or hang, as at a full server or a NAT table.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kConnectionLimit;

}  // namespace brownout::rules
