// Route: how this process reaches servers. The plain one is the machine's own way; `brownout exec`
// looks inside the command's network first, and a spoofing listener goes under its client's
// address.
//
// Used by all workers: implementations are safe from any thread.
#pragma once

#include "proxy/net/datagrams.h"
#include "proxy/net/socket.h"

namespace brownout::proxy {

class Route {
 public:
  virtual ~Route() = default;
  virtual Dialled dial(const SocketAddress& server) const { return start_dial(server); }
  // As connect_datagrams().
  virtual Fd connect_datagrams(const SocketAddress& server) const {
    return proxy::connect_datagrams(server);
  }
};

}  // namespace brownout::proxy
