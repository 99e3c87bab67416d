// Reads and raises the resource limits of this process: usable processors and file descriptors.
#pragma once

#include "rules/base/result.h"

namespace brownout::proxy {

// Returns how many processors the process may run on, at least 1. taskset(1) or a container can
// make this number smaller than the machine's.
unsigned usable_processors();

// Raises the limit of file descriptors to its maximum. Fails if too few are left to start `workers`
// worker threads, since some libraries abort the process then.
rules::Result<void> claim_descriptors(unsigned workers);

}  // namespace brownout::proxy
