// refuse: a connection is accepted, then gets a RST before the server is dialled. Unlike down it
// can be limited to some clients or to every n-th connection.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kRefuse;

}  // namespace brownout::rules
