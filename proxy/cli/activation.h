// Takes over listening sockets from a service manager such as systemd (socket activation,
// sd_listen_fds(3)). The process can then start on demand, needs no privilege for low ports, and
// refuses no connection during a restart.
#pragma once

#include "proxy/engine/engine.h"

namespace brownout::cli {

// Returns the inherited sockets by the name of their listener, which the socket's
// FileDescriptorName= gives. Empty without socket activation. Returns an error if no listener has
// the name.
rules::Result<proxy::Engine::Sockets> activated_sockets(const rules::Config& config,
                                                        unsigned workers);

}  // namespace brownout::cli
