// What `brownout intercept` has diverted and the kernel still carries: before the rules change, it
// must be known which connections need them, and flows of datagrams must be let go.
//
// Of this process's network; no state, any thread. Needs CAP_NET_ADMIN.
#pragma once

#include <cstdint>
#include <vector>

#include "proxy/intercept/gateway.h"

namespace brownout::proxy {

// The local ports that the table in force, or what is left of it, sends clients to. Empty if there
// is no table.
std::vector<std::uint16_t> ports_in_force();

// Connections of those clients that are open here (/proc/net/tcp, proc(5)).
LiveConnections live_connections(std::vector<std::uint16_t> ports);

// Ends the kernel's memory (conntrack) of flows of datagrams that were redirected to these ports,
// and of those that were let go: their next datagram is routed, or redirected, anew. Gives their
// number.
rules::Result<std::size_t> end_datagram_flows(const std::vector<std::uint16_t>& ports);

}  // namespace brownout::proxy
