// The limit of file descriptors of this process (RLIMIT_NOFILE, getrlimit(2)).
#pragma once

namespace brownout::proxy {

// Raises the limit to its maximum. The usual limit of 1024 is too low, since each connection takes
// two descriptors.
void raise_descriptor_limit();

}  // namespace brownout::proxy
