#include "proxy/intercept/ruleset.h"

#include <fmt/core.h>

#include <algorithm>

namespace brownout::proxy {
namespace {

// The packet's mark identifies its listener in later chains (packet_ruleset.h).
constexpr std::string_view kTaken = "tproxy to :{} meta mark set {} accept";

std::string line(std::string_view protocol, const Redirection& redirection,
                 std::string_view verdict) {
  return fmt::format("    {} {}\n", packets_to(protocol, redirection.ports),
                     fmt::format(fmt::runtime(verdict), redirection.to, redirection.to));
}

// Sorts redirections of certain ports ahead of redirections of all ports, since the first match
// decides.
std::vector<Redirection> in_order(std::vector<Redirection> redirections) {
  std::stable_partition(redirections.begin(), redirections.end(),
                        [](const auto& redirection) { return !redirection.ports.empty(); });
  return redirections;
}

}  // namespace

std::string packets_to(std::string_view protocol, const std::vector<rules::PortRange>& ports) {
  if (ports.empty()) return fmt::format("meta l4proto {}", protocol);
  std::string list;
  for (const auto& range : ports) list += (list.empty() ? "" : ", ") + to_text(range);
  return fmt::format("{} dport {{ {} }}", protocol, list);
}

std::string own_network_ruleset(const std::vector<Redirection>& redirections, std::uint32_t mark) {
  std::string streams;
  std::string datagrams;
  for (const auto& redirection : in_order(redirections)) {
    if (redirection.streams) streams += line("tcp", redirection, kTaken);
    if (redirection.datagrams) datagrams += line("udp", redirection, kTaken);
  }
  return fmt::format(
      R"(table inet brownout {{
  chain incoming {{
    type filter hook prerouting priority -150; policy accept;
    tcp flags & (fin | syn | rst | ack) != syn accept
    meta mark {0:#x} accept
{1}{2}    socket transparent 0 accept
    ip daddr 127.0.0.0/8 accept
    ip6 daddr ::1 accept
    icmp type {{ destination-unreachable, time-exceeded, parameter-problem }} accept
    icmpv6 type != echo-request accept
    reject with icmpx type admin-prohibited
  }}
}}
)",
      mark, streams, datagrams);
}

}  // namespace brownout::proxy
