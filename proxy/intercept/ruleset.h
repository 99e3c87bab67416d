// Generates the nftables rules of `brownout exec` as text (nft(8)). No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/port_range.h"

namespace brownout::proxy {

// Redirects connections, datagrams, or both to the local port `to`, if their destination port is
// one of `ports`. Without ports, redirects all traffic that no other Redirection matches.
struct Redirection {
  bool streams = false;
  bool datagrams = false;
  std::vector<rules::PortRange> ports = {};
  std::uint16_t to = 0;
};

// Returns the nft condition for packets of `protocol` ("tcp" or "udp") to these ports, or to all
// ports if there are none.
std::string packets_to(std::string_view protocol, const std::vector<rules::PortRange>& ports);

// Returns the rules for the network namespace of `brownout exec`, in which every address is local.
//
// TPROXY takes the first packet of a connection; later packets cost nothing extra. TPROXY takes
// every datagram, except those to a connected socket, which are replies to a socket with `mark`.
// Packets of sockets with `mark` are exempt. All protocols except TCP and UDP are rejected;
// otherwise the kernel would reply as if it were the server, for example to a ping.
std::string own_network_ruleset(const std::vector<Redirection>& redirections, std::uint32_t mark);

}  // namespace brownout::proxy
