// Route: interface that opens connections to servers. Each implementation chooses the network and
// the source address. The default uses the host's network. `brownout exec` first tries the
// command's network namespace, and a listener with `spoof_client` uses the client's address as
// source.
//
// Shared by all workers: implementations are safe from any thread.
#pragma once

#include "proxy/net/datagrams.h"
#include "proxy/net/socket.h"

namespace brownout::proxy {

class Route {
 public:
  virtual ~Route() = default;
  virtual Dialled dial(const SocketAddress& server) const { return start_dial(server); }
  // Makes a UDP socket that is connected to `server`. Returns null and sets errno on failure.
  virtual Fd connect_datagrams(const SocketAddress& server) const {
    return proxy::connect_datagrams(server);
  }
};

}  // namespace brownout::proxy
