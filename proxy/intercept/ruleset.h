// Generates nftables rules as text (nft(8)). Pure, so that tests can check the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/port_range.h"

namespace brownout::proxy {

// Redirects connections, datagrams, or both, from these ports (without ports, from all remaining
// ones) to a local port.
struct Redirection {
  bool streams = false;
  bool datagrams = false;
  std::vector<rules::PortRange> ports = {};
  std::uint16_t to = 0;
};

// The nft match of "tcp" or "udp" packets to these ports, or to all ports if there are none.
std::string packets_to(std::string_view protocol, const std::vector<rules::PortRange>& ports);

// The rules for the network namespace of `brownout exec`, in which every address is local.
//
// TPROXY takes the first packet of a connection; later packets cost nothing extra. TPROXY takes
// every datagram, except those to a connected socket, which are replies to a socket with `mark`.
// Packets of sockets with `mark` are exempt. All protocols except TCP and UDP are rejected;
// otherwise this machine would reply itself.
std::string own_network_ruleset(const std::vector<Redirection>& redirections, std::uint32_t mark);

}  // namespace brownout::proxy
