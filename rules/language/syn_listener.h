// Says of a listener what its SYNs show (rules/engine/syn_plan.h). Pure; any thread.
#pragma once

#include <vector>

#include "rules/engine/syn_plan.h"
#include "rules/language/config.h"

namespace brownout::rules {

// `upstream` is the listener's; null if it has none.
SynListener syn_listener(const Listener& listener, const Upstream* upstream, const SynWays& ways);

}  // namespace brownout::rules
