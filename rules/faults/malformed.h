// malformed: the response is no valid HTTP. What a buggy server or a broken middlebox writes; a
// client must notice, and must not take it for an answer.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kMalformed;

}  // namespace brownout::rules
