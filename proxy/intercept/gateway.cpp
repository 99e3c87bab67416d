#include "proxy/intercept/gateway.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "proxy/net/port.h"

namespace brownout::proxy {
namespace {

using rules::Intercept;
using rules::Listener;

template <class T, class Text>
std::string list(const std::vector<T>& values, Text text) {
  std::string all;
  for (const auto& value : values) all += (all.empty() ? "" : ", ") + text(value);
  return all;
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

std::string prefixes_of(const std::vector<rules::Prefix>& prefixes, bool v4) {
  std::vector<rules::Prefix> some;
  std::copy_if(prefixes.begin(), prefixes.end(), std::back_inserter(some),
               [&](const auto& prefix) { return prefix.network.is_v4() == v4; });
  return list(some, [](const auto& prefix) { return to_text(prefix); });
}

// Returns nftables conditions on local clients: one for all user ids, and one for each cgroup. A
// client need match only one of them.
std::vector<std::string> local_conditions(const InterceptedClients& clients) {
  std::vector<std::string> all;
  if (!clients.uids.empty()) {
    all.push_back("meta skuid { " +
                  list(clients.uids, [](auto uid) { return std::to_string(uid); }) + " } ");
  }
  for (const auto& path : clients.cgroups) {
    const auto level = 1 + std::count(path.begin(), path.end(), '/');
    all.push_back(fmt::format("socket cgroupv2 level {} {} ", level, quoted(path)));
  }
  return all;
}

struct ClientCondition {
  std::string match;
  std::optional<bool> v4;  // true for IPv4, false for IPv6, no value for both
};

std::vector<ClientCondition> remote_conditions(const InterceptedClients& clients) {
  const auto from = clients.interfaces.empty()
                        ? std::string()
                        : "iifname { " + list(clients.interfaces, quoted) + " } ";
  if (clients.prefixes.empty()) return {{from, std::nullopt}};
  std::vector<ClientCondition> all;
  for (const bool v4 : {true, false}) {
    const auto prefixes = prefixes_of(clients.prefixes, v4);
    if (!prefixes.empty()) {
      all.push_back({from + (v4 ? "ip" : "ip6") + " saddr { " + prefixes + " } ", v4});
    }
  }
  return all;
}

// Calls act(v4, match) for each address family in which these clients can reach the listener.
template <class Act>
void for_each_family(const ClientCondition& condition, const Listener& listener,
                     const std::vector<Listener>& all, Act act) {
  for (const bool v4 : {true, false}) {
    if (!serves(listener, v4, all) || condition.v4.value_or(v4) != v4) continue;
    const auto* family = condition.v4 ? "" : v4 ? "meta nfproto ipv4 " : "meta nfproto ipv6 ";
    act(v4, condition.match + family);
  }
}

// Matches only the first packet of a connection, since a listener cannot accept a connection at a
// later packet (RFC 9293, section 3.5).
constexpr std::string_view kSyn = "tcp flags & (fin | syn | rst | ack) == syn";

bool is_any(const rules::IpAddress& ip) {
  return ip == rules::IpAddress{} || ip == rules::IpAddress::v4({0, 0, 0, 0});
}

// Returns a listener's address as nft writes it: "[2001:db8::1]:1500", or ":1500" if it listens on
// all addresses.
std::string place_of(const Listener& listener) {
  const auto ip = listener.listen.ip();
  return ip && !is_any(*ip) ? to_text(*ip, listener.listen.port)
                            : ":" + std::to_string(listener.listen.port);
}

// Returns the nft statement that redirects to the listener. "redirect" leads to loopback in the
// chain output, and to the interface's address in the chain prerouting. Any other address needs
// "dnat".
std::string redirection_to(const Listener& listener, bool v4, bool at_output) {
  const auto ip = listener.listen.ip();
  const auto loopback = rules::IpAddress::parse(v4 ? "127.0.0.1" : "::1");
  const bool usual = !ip || is_any(*ip) || (at_output && *ip == *loopback);
  if (usual) return fmt::format("redirect to :{}", listener.listen.port);
  return fmt::format("dnat {} to {}", v4 ? "ip" : "ip6", place_of(listener));
}

bool any_comes_by(Intercept how, const std::vector<Listener>& listeners) {
  return std::any_of(listeners.begin(), listeners.end(),
                     [&](const auto& listener) { return listener.intercept == how; });
}

// Returns a rule that accepts the packets for one listener without redirecting them. The chains for
// TPROXY and REDIRECT see the same packets, and each must skip those for the listeners of the
// other.
std::string left_alone(const Listener& listener, const std::string& match) {
  return fmt::format("    {}{} accept\n", match, packets_to("tcp", listener.ports));
}

std::string redirects(const std::vector<Listener>& listeners, const std::vector<Listener>& all,
                      const ClientCondition& condition, bool at_output) {
  std::string text;
  if (!any_comes_by(Intercept::kRedirect, listeners)) return text;
  for (const auto& listener : listeners) {
    for_each_family(condition, listener, all, [&](bool v4, const std::string& match) {
      if (listener.intercept == Intercept::kTproxy) {
        text += left_alone(listener, match);
        return;
      }
      const auto target = redirection_to(listener, v4, at_output);
      if (takes_connections(listener)) {
        text +=
            fmt::format("    {}{} {} {}\n", match, packets_to("tcp", listener.ports), kSyn, target);
      }
      if (takes_datagrams(listener)) {
        text += fmt::format("    {}{} {}\n", match, packets_to("udp", listener.ports), target);
      }
    });
  }
  return text;
}

std::string diversions(const std::vector<Listener>& listeners, const std::vector<Listener>& all,
                       const ClientCondition& condition) {
  std::string text;
  if (!any_comes_by(Intercept::kTproxy, listeners)) return text;
  for (const auto& listener : listeners) {
    for_each_family(condition, listener, all, [&](bool v4, const std::string& match) {
      if (listener.intercept == Intercept::kRedirect) {
        if (takes_connections(listener)) text += left_alone(listener, match);
        return;
      }
      text += fmt::format("    {}{} {} tproxy {} to {} meta mark set {:#x} accept\n", match,
                          packets_to("tcp", listener.ports), kSyn, v4 ? "ip" : "ip6",
                          place_of(listener), kDivertedMark);
    });
  }
  return text;
}

std::string chain(std::string_view name, std::string_view hook, std::string_view before,
                  const std::string& rules) {
  if (rules.empty() && before.empty()) return {};
  const auto gate = fmt::format(
      "    meta nfproto != @while_alive accept\n    meta mark {:#x} accept\n"
      "    fib daddr type {{ local, broadcast, multicast }} accept\n",
      kMark);
  return fmt::format("  chain {} {{\n    type {}; policy accept;\n{}{}{}  }}\n", name, hook, before,
                     rules.empty() ? "" : gate, rules);
}

// Matches later packets of connections that TPROXY has given to a local socket. Excludes sockets
// that listen on all addresses (wildcard): packets to the same port of another machine would match
// them too.
std::string of_accepted() {
  return "    tcp flags & (fin | syn | rst | ack) != syn socket transparent 1 jump accepted\n";
}
std::string accepted_chain() {
  return fmt::format(
      "  chain accepted {{\n    socket wildcard 1 return\n    meta mark set {:#x} accept\n  }}\n",
      kDivertedMark);
}

// Returns the chains that store each redirected UDP flow in a set, and move it to the conntrack
// zone kZone after the timeout.
std::string datagram_chains(const std::vector<std::uint16_t>& ports, bool local, bool remote) {
  if (ports.empty()) return {};
  std::string text;
  std::string remember;
  std::string let_go;
  for (const auto* family : {"ip", "ip6"}) {
    const std::string set = std::string(family) == "ip" ? "flows4" : "flows6";
    text += fmt::format(
        "  set {0} {{\n    type {1} . inet_service . {1} . inet_service\n    size 1048576\n"
        "    flags dynamic,timeout\n    timeout 5m\n  }}\n",
        set, std::string(family) == "ip" ? "ipv4_addr" : "ipv6_addr");
    remember += fmt::format(
        "    udp dport {{ {0} }} ct status dnat ct direction original update @{1} {{ ct original "
        "{2} "
        "saddr . ct original proto-src . ct original {2} daddr . ct original proto-dst }}\n",
        list(ports, [](auto port) { return std::to_string(port); }), set, family);
    const auto key = fmt::format("{0} saddr . udp sport . {0} daddr . udp dport", family);
    let_go += fmt::format(
        "    meta nfproto != @while_alive {0} @{1} update @{1} {{ {0} }} ct original zone set "
        "{2}\n",
        key, set, kZone);
  }
  const auto raw = [&](std::string_view hook) {
    return fmt::format(
        "  chain over_{0} {{\n    type filter hook {0} priority -300; policy accept;\n{1}  }}\n",
        hook, let_go);
  };
  text += "  chain remember {\n    type filter hook input priority 0; policy accept;\n" + remember +
          "  }\n";
  if (local) text += raw("output");
  if (remote) text += raw("prerouting");
  return text;
}

std::string ports_set(std::vector<std::uint16_t> ports) {
  std::sort(ports.begin(), ports.end());
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
  if (ports.empty()) return {};
  return "  set ports {\n    type inet_service\n    elements = { " +
         list(ports, [](auto port) { return std::to_string(port); }) + " }\n  }\n";
}

// Returns one chain of the type nat. If no such chain existed, the kernel would stop translating
// packets of existing connections.
std::string kept_chain(const LiveConnections& live) {
  if (live.redirected == 0) return {};
  return "  chain kept {\n    type nat hook prerouting priority -100; policy accept;\n"
         "    ct state new accept\n  }\n";
}

constexpr std::string_view kNoTable =
    "add table inet brownout_intercept\ndelete table inet brownout_intercept\n";
constexpr std::string_view kDivertedHook = "filter hook prerouting priority -150";

std::vector<Listener> meant_of(const std::vector<Listener>& listeners) {
  std::vector<Listener> meant;
  for (const auto& listener : listeners) {
    if (listener.enabled && listener.intercept != Intercept::kNone) meant.push_back(listener);
  }
  // Sorts listeners with ports before those for all ports, and IPv4 addresses before "[::]", which
  // also gets IPv4.
  std::stable_sort(meant.begin(), meant.end(), [](const auto& a, const auto& b) {
    const auto place = [](const Listener& listener) {
      return std::pair(listener.ports.empty(), listener.listen.ip() == rules::IpAddress{});
    };
    return place(a) < place(b);
  });
  return meant;
}

}  // namespace

bool serves(const Listener& listener, bool v4, const std::vector<Listener>& all) {
  const auto ip = listener.listen.ip();
  if (!ip || ip->is_v4() == v4) return ip.has_value();
  return *ip == rules::IpAddress{} && std::none_of(all.begin(), all.end(), [&](const auto& other) {
    return leaves_v4_to(listener, listener.listen.port, other);
  });
}

std::vector<std::uint16_t> datagram_ports(const std::vector<Listener>& listeners) {
  std::vector<std::uint16_t> ports;
  for (const auto& listener : meant_of(listeners)) {
    if (takes_datagrams(listener)) ports.push_back(listener.listen.port);
  }
  std::sort(ports.begin(), ports.end());
  ports.erase(std::unique(ports.begin(), ports.end()), ports.end());
  return ports;
}

std::string gateway_ruleset(const std::vector<Listener>& listeners,
                            const InterceptedClients& clients, std::int64_t length,
                            const LiveConnections& live) {
  const auto meant = meant_of(listeners);
  std::string output;
  std::string prerouting;
  std::string diverted;
  if (clients.local()) {
    for (const auto& condition : local_conditions(clients)) {
      output += redirects(meant, listeners, {condition, std::nullopt}, true);
    }
  }
  if (clients.remote()) {
    for (const auto& condition : remote_conditions(clients)) {
      prerouting += redirects(meant, listeners, condition, false);
      diverted += diversions(meant, listeners, condition);
    }
  }
  auto ports = live.any() ? live.ports : std::vector<std::uint16_t>{};
  for (const auto& listener : meant) ports.push_back(listener.listen.port);
  const bool takes_over = !diverted.empty() || live.diverted > 0;
  return std::string(kNoTable) +
         fmt::format(
             "table inet brownout_intercept {{\n  set while_alive {{\n    type nf_proto\n"
             "    flags timeout\n    elements = {{ ipv4 timeout {0}s, ipv6 timeout {0}s }}\n"
             "  }}\n",
             length) +
         ports_set(std::move(ports)) + kept_chain(live) +
         chain("local", "nat hook output priority -100", "", output) +
         chain("remote", "nat hook prerouting priority -100", "", prerouting) +
         datagram_chains(datagram_ports(meant), clients.local(), clients.remote()) +
         (takes_over ? accepted_chain() : "") +
         chain("diverted", kDivertedHook, takes_over ? of_accepted() : "", diverted) + "}\n";
}

std::string gateway_removal(const LiveConnections& live) {
  if (!live.any()) return std::string(kNoTable);
  const bool diverted = live.diverted > 0;
  return std::string(kNoTable) + "table inet brownout_intercept {\n" + ports_set(live.ports) +
         kept_chain(live) + (diverted ? accepted_chain() : "") +
         chain("diverted", kDivertedHook, diverted ? of_accepted() : "", "") + "}\n";
}

std::string gateway_end() { return "flush set inet brownout_intercept while_alive\n"; }

}  // namespace brownout::proxy
