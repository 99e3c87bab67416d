// What this process is given by whoever starts it: processors and descriptors.
#pragma once

#include "rules/base/result.h"

namespace brownout::proxy {

// Those that it may run on: fewer than the machine has under taskset(1), or in a container with a
// set of processors of its own. At least 1.
unsigned usable_processors();

// Raises the limit as far as it goes, and makes sure that there are enough descriptors to start
// with that many workers. Without them, libraries end the process.
rules::Result<void> claim_descriptors(unsigned workers);

}  // namespace brownout::proxy
