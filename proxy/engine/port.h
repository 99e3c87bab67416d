// The sockets of one listener, for each worker: what it listens on depends on its protocol.
#pragma once

#include <vector>

#include "proxy/net/socket.h"
#include "rules/config.h"

namespace brownout::proxy {

struct PortSockets {
  Fd stream;    // tcp, dns
  Fd datagram;  // udp, dns

  // One that has the address.
  const Fd& any() const { return stream ? stream : datagram; }
};

// Which sockets of an address belong to a port that this reload gives to another listener.
struct OursAlready {
  bool streams = false;
  bool datagrams = false;
};

// As listen_on and bind_datagrams; `endpoint` instead of the listener's own, to open a port again.
Result<std::vector<PortSockets>> open_port(const rules::Listener& listener,
                                           const Endpoint& endpoint, std::size_t workers,
                                           OursAlready ours = {});

// Copies of sockets that this process was given: listening again, if they were not.
Result<std::vector<PortSockets>> reopen(const std::vector<PortSockets>& given, int backlog);
// Who connects is refused from now on, who waits is reset; copies of it too.
void stop_listening(const std::vector<PortSockets>& sockets);

}  // namespace brownout::proxy
