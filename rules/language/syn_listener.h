// Says of a listener what its SYNs show (rules/engine/syn_plan.h). Pure; any thread.
#pragma once

#include <vector>

#include "rules/engine/syn_plan.h"
#include "rules/language/config.h"

namespace brownout::rules {

// Whether nftables discards SYNs of the listener, since a filter of its socket would not see the
// destination of the SYNs.
bool by_packets(const Listener& listener, const SynWays& ways);
// Whether a rule of the set can use nftables at the listener: the rule answers SYNs, or loses them
// by their destination where only nftables knows it.
bool may_need_packets(const RuleSet& set, const Listener& listener, bool own_network);
// `upstream` is the listener's; null if it has none.
SynListener syn_listener(const Listener& listener, const Upstream* upstream, const SynWays& ways);

}  // namespace brownout::rules
