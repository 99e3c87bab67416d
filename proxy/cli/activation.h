// Takes over listening sockets from a service manager such as systemd (socket activation,
// sd_listen_fds(3)). The process can then start on demand, needs no privilege for low ports, and
// refuses no connection during a restart.
#pragma once

#include "proxy/engine/engine.h"

namespace brownout::cli {

// Returns the inherited sockets, by the name of the listener that they belong to. The name comes
// from FileDescriptorName= in the socket unit. The map is empty without socket activation. Returns
// an error if the rule file has no listener of a given name.
rules::Result<proxy::Engine::Sockets> activated_sockets(const rules::Config& config,
                                                        unsigned workers);

}  // namespace brownout::cli
