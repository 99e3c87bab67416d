// stall_mid_body: a part of the body passes, then nothing comes for a while, or ever. The
// connection stays open.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kStallMidBody;

}  // namespace brownout::rules
