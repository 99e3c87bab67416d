// wrong_answer: A and AAAA queries are answered with given addresses, or with random ones of a
// prefix (blackholed, hijacked, or stale by hand).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kWrongAnswer;

}  // namespace brownout::rules
