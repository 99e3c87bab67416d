// Says of a listener what its SYNs show (rules/engine/syn_plan.h). Pure; any thread.
#pragma once

#include <vector>

#include "rules/engine/syn_plan.h"
#include "rules/language/config.h"

namespace brownout::rules {

// `upstream` is the listener's; null if it has none. `own_network`: the clients are in the network
// of `brownout exec`, where SYNs keep their destination.
SynListener syn_listener(const Listener& listener, const Upstream* upstream,
                         bool own_network = false);

}  // namespace brownout::rules
