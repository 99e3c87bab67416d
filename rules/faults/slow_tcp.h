// slow_tcp: a resolver whose TCP side is overloaded: clients that fall back to TCP wait.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kSlowTcp;

}  // namespace brownout::rules
