// Finds the connections and UDP flows that earlier nftables rules of `brownout intercept`
// redirected, so that a change of the rules does not break them.
//
// Works in this process's network namespace; needs CAP_NET_ADMIN. Safe on any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "proxy/intercept/gateway.h"

namespace brownout::proxy {

// Returns the local ports to which the nftables rules in force redirect clients, or to which
// earlier rules did. Empty if Brownout has no nftables rules.
std::vector<std::uint16_t> ports_in_force();

// Counts the open connections that were redirected to these ports, or taken by TPROXY. Reads
// /proc/net/tcp (proc(5)).
LiveConnections live_connections(std::vector<std::uint16_t> ports);

// Deletes the conntrack entries of UDP flows that were redirected to these ports, and of flows in
// the conntrack zone kZone (gateway.h). The rules then apply to the next datagram of each flow.
// Returns the number of deleted entries.
rules::Result<std::size_t> end_datagram_flows(const std::vector<std::uint16_t>& ports);

}  // namespace brownout::proxy
