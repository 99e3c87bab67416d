// slow_handshake: the answer to the hello takes its time.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kSlowHandshake;

}  // namespace brownout::rules
