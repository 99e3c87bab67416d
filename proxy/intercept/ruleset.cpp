#include "proxy/intercept/ruleset.h"

#include <fmt/core.h>

#include <algorithm>

namespace brownout::proxy {
namespace {

std::string line(std::string_view protocol, const Redirection& one) {
  std::string ports;
  for (const auto& range : one.ports) ports += (ports.empty() ? "" : ", ") + to_text(range);
  const auto match = ports.empty() ? fmt::format("meta l4proto {}", protocol)
                                   : fmt::format("{} dport {{ {} }}", protocol, ports);
  return fmt::format("    {} redirect to :{}\n", match, one.to);
}

// Those for some ports stand ahead of those for all.
std::string lines(std::vector<Redirection> redirections) {
  std::stable_partition(redirections.begin(), redirections.end(),
                        [](const auto& one) { return !one.ports.empty(); });
  std::string text;
  for (const auto& one : redirections) {
    if (one.streams) text += line("tcp", one);
    if (one.datagrams) text += line("udp", one);
  }
  return text;
}

}  // namespace

std::string own_network_ruleset(const std::vector<Redirection>& redirections, std::uint32_t mark) {
  return fmt::format(
      R"(table inet brownout {{
  chain to_listeners {{
    type nat hook output priority -100; policy accept;
    meta mark {:#x} accept
{}  }}
  chain rejected {{
    type filter hook output priority 0; policy accept;
    meta l4proto {{ tcp, udp }} accept
    icmp type destination-unreachable accept
    icmpv6 type {{ destination-unreachable, packet-too-big }} accept
    ip daddr 127.0.0.0/8 accept
    ip6 daddr ::1 accept
    reject with icmpx type admin-prohibited
  }}
}}
)",
      mark, lines(redirections));
}

}  // namespace brownout::proxy
