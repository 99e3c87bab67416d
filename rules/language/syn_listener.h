// Determines how SYNs can be dropped or rejected at a listener, for rules/engine/syn_plan.h: by
// which mechanism, and by which addresses. Pure; any thread.
#pragma once

#include <vector>

#include "rules/engine/syn_plan.h"
#include "rules/language/config.h"

namespace brownout::rules {

// Whether nftables must drop the listener's SYNs, since a filter on its socket would not see their
// original destination.
bool by_packets(const Listener& listener, const SynWays& ways);
// Whether a rule of the set needs nftables at the listener: to reject SYNs, or to drop SYNs whose
// original destination only nftables knows.
bool may_need_packets(const RuleSet& set, const Listener& listener, bool own_network);
// Returns the listener's properties. `upstream` is null if the listener has none.
SynListener syn_listener(const Listener& listener, const Upstream* upstream, const SynWays& ways);

}  // namespace brownout::rules
