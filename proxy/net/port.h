// The sockets of one listener, for each worker: what it listens on depends on its protocol.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "proxy/net/socket.h"
#include "rules/language/config.h"

namespace brownout::proxy {

struct PortSockets {
  Fd stream;    // tcp, dns
  Fd datagram;  // udp, dns

  // One that has the address.
  const Fd& any() const { return stream ? stream : datagram; }
};

// Which sockets of an address belong to a port that this reload gives to another listener, and
// whether IPv4 is served by another.
struct PortSharing {
  bool our_streams = false;
  bool our_datagrams = false;
  bool v6_only = false;

  Sharing streams() const { return {our_streams, v6_only}; }
  Sharing datagrams() const { return {our_datagrams, v6_only}; }
};

// All listeners as they will be, by name.
using ComingListeners = std::map<std::string_view, const rules::Listener*>;
// Those of a configuration, beside `all`.
ComingListeners all_of(const rules::Config& config, ComingListeners all = {});

// Whether it goes on with the sockets that it has.
bool keeps_sockets(const rules::Listener& old, const rules::Listener& coming);
// Whether a socket of one address keeps the other from being bound.
bool overlap(const Endpoint& left, const Endpoint& right);
// Whether "[::]" leaves IPv4 at this port to the other listener.
bool leaves_v4_to(const rules::Listener& listener, std::uint16_t port,
                  const rules::Listener& other);
// Whether "[::]" has to leave IPv4 to others.
bool is_for_v6_only(const rules::Listener& listener, const Endpoint& where,
                    const ComingListeners& all);

// As listen_on and bind_datagrams; `endpoint` instead of the listener's own, to open a port again.
Result<std::vector<PortSockets>> open_port(const rules::Listener& listener,
                                           const Endpoint& endpoint, std::size_t workers,
                                           PortSharing sharing = {});

// Copies of sockets that this process was given: listening again, if they were not.
Result<std::vector<PortSockets>> reopen(const std::vector<PortSockets>& given, int backlog);
// Who connects is refused from now on, who waits is reset; copies of it too.
void stop_listening(const std::vector<PortSockets>& sockets);

}  // namespace brownout::proxy
