// What nftables is told, as text: pure, so that a test can read it. See nft(8).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/port_range.h"

namespace brownout::proxy {

// Connections, datagrams, or both, to these ports (all that are left if there is none) go to a
// local port instead.
struct Redirection {
  bool streams = false;
  bool datagrams = false;
  std::vector<rules::PortRange> ports = {};
  std::uint16_t to = 0;
};

// The match of a rule: packets of "tcp" or "udp" to these ports; to all if there is none.
std::string packets_to(std::string_view protocol, const std::vector<rules::PortRange>& ports);

// For a network of its own (`brownout exec`), where every address is local. Connections go to a
// transparent listener (TPROXY) by their first packet, and cost no more than others from then on;
// so do datagrams, but for those to a connected socket: they answer one of `mark`. Sockets with
// `mark` are left alone. What is neither is rejected: it would be answered by this machine itself.
std::string own_network_ruleset(const std::vector<Redirection>& redirections, std::uint32_t mark);

}  // namespace brownout::proxy
