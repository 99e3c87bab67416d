// stale: the first answer that was seen for a name and type since the rule took effect is given
// for ever, whatever the zone says now: a cache that does not let go, or a secondary that no
// longer follows.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kStale;

}  // namespace brownout::rules
