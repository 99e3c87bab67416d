// brownout intercept: prints, applies or removes the nftables rules that redirect clients to
// intercepting listeners.
#include <fmt/core.h>
#include <net/if.h>
#include <pwd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>

#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"
#include "proxy/formats/json_text.h"
#include "proxy/intercept/diverted_flows.h"
#include "proxy/intercept/gateway.h"
#include "proxy/intercept/nftables.h"
#include "rules/base/terminal_text.h"

namespace brownout::cli {
namespace {

using namespace brownout::proxy;
using rules::Duration;
using rules::Result;

// Not a valid user id: system calls take 4294967295 for "leave unchanged" (setuid(2)).
constexpr std::uint32_t kNoUid = std::numeric_limits<std::uint32_t>::max();
// Upper limit of --for, since nftables limits how long a timeout can be.
constexpr Duration kLongest = std::chrono::hours(24 * 365 * 10);

Result<std::uint32_t> uid_of(const std::string& text) {
  const bool number = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isdigit(c) != 0;
  });
  if (number) {
    std::uint32_t uid = kNoUid;
    std::from_chars(text.data(), text.data() + text.size(), uid);
    if (uid != kNoUid) return uid;
    return rules::config_error("--uid: " + rules::in_quotes(text) + " is not a user id",
                               "user ids go from 0 to 4294967294");
  }
  const auto* user = getpwnam(text.c_str());
  if (user != nullptr) return user->pw_uid;
  return rules::config_error("--uid: there is no user " + rules::in_quotes(text),
                             "give a user id, or a name that `getent passwd` lists");
}

// Whether `name` may name a network interface (netdevice(7)), with nft's wildcard * allowed. Other
// characters could inject text into the nft script.
bool is_interface(const std::string& name) {
  return !name.empty() && name.size() < IFNAMSIZ &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isgraph(c) != 0 && c != '"' && c != '/' && c != '\\';
         });
}

bool is_cgroup(const std::string& path) {
  return !path.empty() && std::all_of(path.begin(), path.end(), [](unsigned char c) {
    return c > ' ' && c != '"' && c != 0x7f;
  });
}

Result<InterceptedClients> clients_of(const InterceptOptions& options) {
  InterceptedClients clients{.cgroups = options.cgroups, .interfaces = options.interfaces};
  for (const auto& text : options.uids) {
    const auto uid = uid_of(text);
    if (!uid) return tl::unexpected(uid.error());
    clients.uids.push_back(*uid);
  }
  for (const auto& text : options.prefixes) {
    const auto prefix = rules::parse_prefix(text);
    if (!prefix) {
      return rules::config_error("--prefix: " + prefix.error().what, prefix.error().hint);
    }
    clients.prefixes.push_back(*prefix);
  }
  for (auto& path : clients.cgroups) {
    // Removes extra slashes, since gateway.cpp counts slashes to find the cgroup's depth.
    path.erase(0, path.find_first_not_of('/'));
    while (path.ends_with('/')) path.pop_back();
    if (is_cgroup(path)) continue;
    return rules::config_error("--cgroup: " + rules::in_quotes(rules::printable(path)) +
                                   " is empty, or has blanks or quotes",
                               "give a path below /sys/fs/cgroup, e.g. --cgroup chat.slice");
  }
  for (const auto& name : clients.interfaces) {
    if (is_interface(name)) continue;
    return rules::config_error(
        "--interface: " + rules::in_quotes(name) + " is not the name of a network interface",
        "e.g. --interface eth1 (see `ip link`)");
  }
  if (clients.local() || clients.remote()) return clients;
  return rules::config_error("no clients are selected for the redirection",
                             "give --uid or --cgroup for local processes, or --interface or "
                             "--prefix for machines behind this one");
}

// Finds errors of intercepting listeners that nft itself would not report.
Result<void> check_listeners(const rules::Config& config, const InterceptedClients& clients) {
  bool any = false;
  for (const auto& listener : config.listeners) {
    if (!listener.enabled || listener.intercept == rules::Intercept::kNone) continue;
    any = true;
    if (listener.listen.port == 0) {
      return rules::config_error(
          "listener " + rules::in_quotes(listener.name) +
              " has port 0, but the kernel needs a fixed port to redirect to",
          "give the listener a fixed port, e.g. listen = \"127.0.0.1:15001\"");
    }
    if (listener.intercept == rules::Intercept::kTproxy && clients.local()) {
      return rules::config_error("listener " + rules::in_quotes(listener.name) +
                                     ": tproxy cannot intercept local processes",
                                 "with --uid or --cgroup, write intercept = \"redirect\"");
    }
    const auto ip = listener.listen.ip();
    if (!ip) {
      return rules::config_error("listener " + rules::in_quotes(listener.name) +
                                     " listens on the name " +
                                     rules::in_quotes(listener.listen.host),
                                 "a name can have IPv4 and IPv6 addresses: write one address");
    }
    if (clients.remote() && ip->is_loopback()) {
      return rules::config_error(
          "listener " + rules::in_quotes(listener.name) + " listens on loopback",
          std::string("connections of other machines cannot reach this address: listen on ") +
              (ip->is_v4() ? "\"0.0.0.0:" : "\"[::]:") + std::to_string(listener.listen.port) +
              "\"");
    }
  }
  if (any) return {};
  return rules::config_error("the rule file has no listener that intercepts connections",
                             "write intercept = \"redirect\" in a [[listener]]");
}

bool diverts(const rules::Config& config) {
  return std::any_of(config.listeners.begin(), config.listeners.end(), [](const auto& listener) {
    return listener.enabled && listener.intercept == rules::Intercept::kTproxy;
  });
}

void tell(const std::string& text) { fmt::print(stderr, "{}\n", text); }

void tell_of_ended(const Result<std::size_t>& ended) {
  if (!ended)
    tell("UDP flows that were redirected may still go through brownout: " +
         describe(ended.error()));
}

using InterceptJson = nlohmann::ordered_json;

void print_json(const InterceptJson& json) { fmt::print("{}\n", codecs::json_text(json, 1)); }

int remove_rules(bool as_json) {
  // First stops diverting new connections. The result is ignored: it is an error if no nftables
  // rules are in force, and then nothing is diverted.
  (void)run_nft(gateway_end());
  const auto live = live_connections(ports_in_force());
  if (auto removed = run_nft(gateway_removal(live)); !removed) return fail(removed.error());
  if (live.diverted == 0) {
    if (auto removed = remove_divert_route(); !removed) return fail(removed.error());
  }
  if (!live.ports.empty()) tell_of_ended(end_datagram_flows(live.ports));
  const auto open = live.redirected + live.diverted;
  if (as_json) print_json({{"removed", open == 0}, {"open_connections", open}});
  if (open == 0 || as_json) return 0;
  tell(fmt::format(
      "{} through brownout; the nftables table brownout_intercept stays for open connections, but "
      "redirects no new ones: when they have ended, run `brownout intercept remove` again",
      open == 1 ? "1 open connection still goes"
                : fmt::format("{} open connections still go", open)));
  return 0;
}

std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string text_of(const InterceptedClients& clients) {
  std::vector<std::string> words;
  for (const auto uid : clients.uids) words.push_back("uid " + std::to_string(uid));
  for (const auto& path : clients.cgroups) words.push_back("cgroup " + path);
  // Interfaces and address prefixes form one item of the list, since a remote client must match
  // both.
  std::vector<std::string> prefixes;
  for (const auto& prefix : clients.prefixes) prefixes.push_back(to_text(prefix));
  auto behind = list_of(clients.interfaces);
  if (!behind.empty()) behind = "clients behind " + behind;
  if (!prefixes.empty())
    behind += (behind.empty() ? "clients from " : " from ") + list_of(prefixes);
  if (!behind.empty()) words.push_back(behind);
  return list_of(words);
}

std::string protocols_and_ports(const rules::Listener& listener) {
  std::vector<std::string> ports;
  for (const auto& range : listener.ports) ports.push_back(to_text(range));
  const auto* protocols = !takes_datagrams(listener)    ? "TCP"
                          : takes_connections(listener) ? "TCP and UDP"
                                                        : "UDP";
  return fmt::format("{} to {}", protocols,
                     ports.empty() ? "all other ports"
                                   : (ports.size() == 1 ? "port " : "ports ") + list_of(ports));
}

// Prints which connections are diverted to Brownout and which are not. This also depends on the
// command line, so the rule file does not show it.
void tell_what_is_diverted(const rules::Config& config, const InterceptedClients& clients,
                           const std::string& length) {
  tell(fmt::format("redirected for {}: new connections of {}", length, text_of(clients)));
  bool any_v4 = false;
  bool any_v6 = false;
  for (const auto& listener : config.listeners) {
    if (!listener.enabled || listener.intercept == rules::Intercept::kNone) continue;
    const bool v4 = serves(listener, true, config.listeners);
    const bool v6 = serves(listener, false, config.listeners);
    any_v4 |= v4;
    any_v6 |= v6;
    tell(fmt::format("  {} {} -> listener {} at {}",
                     v4 && v6 ? "IPv4 and IPv6" : (v4 ? "IPv4" : "IPv6"),
                     protocols_and_ports(listener), listener.name, to_text(listener.listen)));
  }
  tell("not redirected: connections that are already open");
  tell(
      "not redirected: connections to loopback and to this machine's own addresses; for a server "
      "on this machine, run the client with `brownout exec`, or let it connect to a [[listener]] "
      "without intercept");
  if (!any_v6)
    tell(
        "not redirected: IPv6, because no intercepting listener has an IPv6 address (e.g. listen = "
        "\"[::]:15001\")");
  if (!any_v4)
    tell(
        "not redirected: IPv4, because no intercepting listener has an IPv4 address (e.g. listen = "
        "\"0.0.0.0:15001\")");
}

// Returns as JSON which clients and which traffic are diverted to which listener.
InterceptJson diverted_json(const rules::Config& config, const InterceptedClients& clients,
                            const std::string& length) {
  InterceptJson json{
      {"for", length}, {"clients", text_of(clients)}, {"listeners", InterceptJson::array()}};
  for (const auto& listener : config.listeners) {
    if (!listener.enabled || listener.intercept == rules::Intercept::kNone) continue;
    json["listeners"].push_back({{"listener", listener.name},
                                 {"listen", to_text(listener.listen)},
                                 {"traffic", protocols_and_ports(listener)},
                                 {"ipv4", serves(listener, true, config.listeners)},
                                 {"ipv6", serves(listener, false, config.listeners)}});
  }
  return json;
}

std::int64_t in_seconds(Duration length) {
  return std::chrono::duration_cast<std::chrono::seconds>(length).count();
}

void print_rules(const rules::Config& config, const InterceptedClients& clients, Duration length,
                 bool as_json) {
  const auto ruleset = gateway_ruleset(config.listeners, clients, in_seconds(length));
  std::vector<std::string> routes;
  for (const auto* ip : {"ip", "ip -6"}) {
    if (!diverts(config)) break;
    routes.push_back(
        fmt::format("{} rule add fwmark {:#x} lookup {}", ip, kDivertedMark, kRouteTable));
    routes.push_back(fmt::format("{} route add local default dev lo table {}", ip, kRouteTable));
  }
  if (as_json) return print_json({{"nftables", ruleset}, {"routes", routes}});
  fmt::print("{}", ruleset);
  for (const auto& route : routes) fmt::print("# {}\n", route);
}

int apply_rules(const rules::Config& config, const InterceptedClients& clients, Duration length) {
  // Adds the route of diverted packets before the nftables rules, so that it exists for the first
  // packet.
  if (diverts(config)) {
    if (auto routed = add_divert_route(); !routed) return fail(routed.error());
  }
  const auto live = live_connections(ports_in_force());
  const auto script = gateway_ruleset(config.listeners, clients, in_seconds(length), live);
  if (auto done = run_nft(script); !done) return fail(done.error());
  // Ends the UDP flows to ports that earlier nftables rules redirected, and that no listener uses
  // any more.
  auto gone = live.ports;
  const auto now = datagram_ports(config.listeners);
  gone.erase(
      std::remove_if(gone.begin(), gone.end(),
                     [&](auto port) { return std::count(now.begin(), now.end(), port) > 0; }),
      gone.end());
  if (!live.ports.empty()) tell_of_ended(end_datagram_flows(gone));
  return 0;
}

}  // namespace

int intercept(const InterceptOptions& options) {
  const bool as_json = options.output == "json";
  if (options.action == "remove") return remove_rules(as_json);
  const auto config = load(options.path);
  if (!config) return kBadInput;
  const auto length = rules::parse_duration(options.length);
  if (!length || *length < std::chrono::seconds(1) || *length > kLongest) {
    return fail(rules::config_error("--for: " + rules::in_quotes(options.length) +
                                        " is not a duration from 1s to ten years",
                                    "e.g. --for 10m")
                    .value());
  }
  const auto clients = clients_of(options);
  if (!clients) return fail(clients.error());
  if (auto fine = check_listeners(*config, *clients); !fine) return fail(fine.error());
  if (options.action == "print") {
    print_rules(*config, *clients, *length, as_json);
    return 0;
  }
  const int code = apply_rules(*config, *clients, *length);
  if (code != 0) return code;
  if (as_json) {
    print_json(diverted_json(*config, *clients, options.length));
  } else {
    tell_what_is_diverted(*config, *clients, options.length);
  }
  return 0;
}

}  // namespace brownout::cli
