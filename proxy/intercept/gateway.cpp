#include "proxy/intercept/gateway.h"

#include <fmt/core.h>

#include <algorithm>

namespace brownout::proxy {
namespace {

using rules::Intercept;
using rules::Listener;

template <class T, class Text>
std::string list(const std::vector<T>& values, Text text) {
  std::string all;
  for (const auto& one : values) all += (all.empty() ? "" : ", ") + text(one);
  return all;
}

std::string quoted(const std::string& text) { return '"' + text + '"'; }

std::string prefixes_of(const std::vector<rules::Prefix>& prefixes, bool v4) {
  std::vector<rules::Prefix> some;
  std::copy_if(prefixes.begin(), prefixes.end(), std::back_inserter(some),
               [&](const auto& one) { return one.network.is_v4() == v4; });
  return list(some, [](const auto& one) { return to_text(one); });
}

// Each narrows: one rule for every way to be meant.
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

struct RemoteCondition {
  std::string match;
  std::string family;  // for tproxy, which must be told
};

std::vector<RemoteCondition> remote_conditions(const InterceptedClients& clients) {
  const auto from = clients.interfaces.empty()
                        ? std::string()
                        : "iifname { " + list(clients.interfaces, quoted) + " } ";
  if (clients.prefixes.empty()) return {{from, ""}};
  std::vector<RemoteCondition> all;
  for (const bool v4 : {true, false}) {
    const auto prefixes = prefixes_of(clients.prefixes, v4);
    const std::string family = v4 ? "ip" : "ip6";
    if (!prefixes.empty())
      all.push_back({from + family + " saddr { " + prefixes + " } ", family + " "});
  }
  return all;
}

std::vector<std::string_view> protocols_of(const Listener& listener) {
  std::vector<std::string_view> all;
  if (takes_connections(listener)) all.push_back("tcp");
  if (takes_datagrams(listener)) all.push_back("udp");
  return all;
}

std::string redirects(const std::vector<Listener>& listeners, const std::string& condition) {
  std::string text;
  for (const auto& one : listeners) {
    if (one.intercept != Intercept::kRedirect) continue;
    for (const auto protocol : protocols_of(one)) {
      text += fmt::format("    {}{} redirect to :{}\n", condition, packets_to(protocol, one.ports),
                          one.listen.port);
    }
  }
  return text;
}

std::string diversions(const std::vector<Listener>& listeners, const RemoteCondition& condition) {
  std::string text;
  for (const auto& one : listeners) {
    if (one.intercept != Intercept::kTproxy) continue;
    text +=
        fmt::format("    {}{} tproxy {}to :{} meta mark set {:#x} accept\n", condition.match,
                    packets_to("tcp", one.ports), condition.family, one.listen.port, kDivertedMark);
  }
  return text;
}

std::string chain(std::string_view name, std::string_view hook, std::string_view before,
                  const std::string& rules) {
  if (rules.empty()) return {};
  return fmt::format(
      "  chain {} {{\n    type {}; policy accept;\n    meta nfproto != @while_alive accept\n"
      "    meta mark {:#x} accept\n{}    fib daddr type {{ local, broadcast, multicast }} accept\n"
      "{}  }}\n",
      name, hook, kMark, before, rules);
}

}  // namespace

std::string gateway_ruleset(const std::vector<Listener>& listeners,
                            const InterceptedClients& clients, std::int64_t length) {
  std::vector<Listener> meant;
  for (const auto& one : listeners) {
    if (one.enabled && one.intercept != Intercept::kNone) meant.push_back(one);
  }
  std::stable_partition(meant.begin(), meant.end(),
                        [](const auto& one) { return !one.ports.empty(); });
  std::string output;
  std::string prerouting;
  std::string diverted;
  if (clients.local()) {
    for (const auto& condition : local_conditions(clients)) output += redirects(meant, condition);
  }
  if (clients.remote()) {
    for (const auto& condition : remote_conditions(clients)) {
      prerouting += redirects(meant, condition.match);
      diverted += diversions(meant, condition);
    }
  }
  return gateway_removal() +
         fmt::format(
             "table inet brownout_intercept {{\n  set while_alive {{\n    type nf_proto\n"
             "    flags timeout\n    elements = {{ ipv4 timeout {0}s, ipv6 timeout {0}s }}\n"
             "  }}\n",
             length) +
         chain("local", "nat hook output priority -100", "", output) +
         chain("remote", "nat hook prerouting priority -100", "", prerouting) +
         chain("diverted", "filter hook prerouting priority -150",
               fmt::format("    socket transparent 1 meta mark set {:#x} accept\n", kDivertedMark),
               diverted) +
         "}\n";
}

std::string gateway_removal() {
  return "add table inet brownout_intercept\ndelete table inet brownout_intercept\n";
}

}  // namespace brownout::proxy
