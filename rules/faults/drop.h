// drop: datagrams or messages vanish; of HTTP a request, which the server then never sees, or its
// response; of DNS a query, or its answer. With `probability`, some of them.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kDrop;

}  // namespace brownout::rules
