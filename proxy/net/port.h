// Opens, shares and closes the sockets of one listener, one set per worker. The listener's protocol
// decides which types of sockets it needs.
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

  // A socket that is bound to the listener's address.
  const Fd& any() const { return stream ? stream : datagram; }
};

// Sockets of this process that still have an address which a reload gives to another listener, and
// whether another listener serves IPv4 there.
struct PortSharing {
  bool our_streams = false;
  bool our_datagrams = false;
  bool v6_only = false;

  Sharing streams() const { return {our_streams, v6_only}; }
  Sharing datagrams() const { return {our_datagrams, v6_only}; }
};

// Listeners of the configuration being applied, by name.
using ComingListeners = std::map<std::string_view, const rules::Listener*>;
// `all` and the listeners of `config`.
ComingListeners all_of(const rules::Config& config, ComingListeners all = {});

// Whether a listener keeps its sockets when `coming` replaces `old`.
bool keeps_sockets(const rules::Listener& old, const rules::Listener& coming);
// Whether a socket on one address prevents another from being bound to the other address.
bool overlap(const Endpoint& left, const Endpoint& right);
// Whether a "[::]" listener leaves IPv4 on this port to `other`.
bool leaves_v4_to(const rules::Listener& listener, std::uint16_t port,
                  const rules::Listener& other);
// Whether a "[::]" listener leaves IPv4 to any listener of `all`.
bool is_for_v6_only(const rules::Listener& listener, const Endpoint& where,
                    const ComingListeners& all);

// Opens a listener's sockets with listen_on() and bind_datagrams(). `endpoint` replaces the
// listener's own address, to open a port again.
Result<std::vector<PortSockets>> open_port(const rules::Listener& listener,
                                           const Endpoint& endpoint, std::size_t workers,
                                           PortSharing sharing = {});

// Copies of sockets that this process was given; stream sockets listen (again).
Result<std::vector<PortSockets>> reopen(const std::vector<PortSockets>& given, int backlog);
// Refuses new connections and resets those in the backlog. Applies to copies of the sockets as
// well.
void stop_listening(const std::vector<PortSockets>& sockets);

}  // namespace brownout::proxy
