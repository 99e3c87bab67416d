// latency: each chunk arrives later, in order, and no slower.
//
// The delay counts from the instant a chunk was read, so several chunks travel at once: latency
// does not limit throughput as long as the flow may hold delay x rate (see allowance()). Jitter
// never reorders a stream: a chunk that drew a short delay waits for the one ahead. Distributions
// and correlation as tc-netem(8).
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kLatency;

}  // namespace brownout::rules
