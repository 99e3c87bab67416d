// Resources that the operating system grants to this process: processors and file descriptors.
#pragma once

#include "rules/base/result.h"

namespace brownout::proxy {

// Number of processors that the process may run on, at least 1. taskset(1) or a container can make
// it smaller than the machine's.
unsigned usable_processors();

// Raises the descriptor limit to its maximum, and fails if too few descriptors are left to start
// `workers` workers. Some libraries abort the process without descriptors.
rules::Result<void> claim_descriptors(unsigned workers);

}  // namespace brownout::proxy
