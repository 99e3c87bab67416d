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
  Fd stream;    // TCP socket; for protocols over TCP, and for DNS
  Fd datagram;  // UDP socket; for UDP and DNS
  // TCP sockets for the additional ports of a cluster's brokers (Listener::broker_ports).
  std::vector<Fd> brokers = {};

  // Returns either socket, since both are bound to the same address.
  const Fd& any() const { return stream ? stream : datagram; }
};

// How a new socket shares its address with other sockets of this process. During a reload, a
// listener that is about to be removed may still be bound to the address. Another listener may
// serve IPv4 on the same port.
struct PortSharing {
  bool our_streams = false;    // TCP sockets of this process may already have the address
  bool our_datagrams = false;  // UDP sockets of this process may already have the address
  bool our_brokers = false;    // TCP sockets of this process may already have ports of brokers
  bool v6_only = false;        // another listener serves IPv4 on this port

  Sharing streams() const { return {our_streams, v6_only}; }
  Sharing brokers() const { return {our_streams || our_brokers, v6_only}; }
  Sharing datagrams() const { return {our_datagrams, v6_only}; }
};

// The listeners of the configuration that a reload is about to apply, by name.
using ComingListeners = std::map<std::string_view, const rules::Listener*>;
// Adds the listeners of `config` to `all`, and returns both.
ComingListeners all_of(const rules::Config& config, ComingListeners all = {});

// Whether a listener keeps its sockets when a reload replaces its settings `old` by `coming`.
bool keeps_sockets(const rules::Listener& old, const rules::Listener& coming);
// Whether a socket on one address prevents a bind to the other address.
bool overlap(const Endpoint& left, const Endpoint& right);
// Whether a "[::]" listener must not accept IPv4 on this port, because `other` does.
bool leaves_v4_to(const rules::Listener& listener, std::uint16_t port,
                  const rules::Listener& other);
// Whether a "[::]" listener must not accept IPv4, because any listener of `all` does.
bool is_for_v6_only(const rules::Listener& listener, const Endpoint& where,
                    const ComingListeners& all);

// Opens a listener's sockets, one set for each worker. `endpoint` is the address to bind: the one
// that the listener's settings name, or the previous one if the port opens again.
Result<std::vector<PortSockets>> open_port(const rules::Listener& listener,
                                           const Endpoint& endpoint, std::size_t workers,
                                           PortSharing sharing = {});

// Returns copies (dup(2)) of sockets that this process has inherited. Stream sockets start to
// listen again. No process inherits sockets for brokers.
Result<std::vector<PortSockets>> reopen(const std::vector<PortSockets>& given, int backlog);
// Makes the sockets refuse new connections, and resets connections that were not accepted yet.
// Copies of the sockets stop listening too.
void stop_listening(const std::vector<PortSockets>& sockets);

}  // namespace brownout::proxy
