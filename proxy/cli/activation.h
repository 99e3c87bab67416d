// Sockets that a service manager bound for this process: it starts when somebody connects, needs no
// privilege for a low port, and none of them is refused while it restarts (sd_listen_fds(3)).
#pragma once

#include "proxy/engine/engine.h"

namespace brownout::cli {

// By listener: each socket belongs to the one whose name it has (FileDescriptorName=). None if
// nobody handed any over; a name that no listener has is a mistake.
rules::Result<proxy::Engine::Sockets> activated_sockets(const rules::Config& config,
                                                        unsigned workers);

}  // namespace brownout::cli
