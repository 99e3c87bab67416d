// no_established: the line (or the default) that lets established packets through is gone: replies
// are dropped unless a line happens to match them, and flows that live die.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kNoEstablished;

}  // namespace brownout::rules
