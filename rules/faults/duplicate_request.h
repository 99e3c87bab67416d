// duplicate_request: the server gets a request twice, as after a retry whose first try had arrived:
// what is not idempotent shows. The client sees one response, that to the first.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kDuplicateRequest;

}  // namespace brownout::rules
