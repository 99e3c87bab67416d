// brownout intercept: the nftables rules that send clients to intercepting listeners.
#include <fmt/core.h>
#include <pwd.h>

#include <algorithm>
#include <cstdlib>

#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"
#include "proxy/intercept/gateway.h"
#include "proxy/intercept/nftables.h"

namespace brownout::cli {
namespace {

using namespace brownout::proxy;
using rules::Result;

Result<std::uint32_t> uid_of(const std::string& text) {
  const bool number = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isdigit(c) != 0;
  });
  if (number) return static_cast<std::uint32_t>(std::strtoul(text.c_str(), nullptr, 10));
  const auto* user = getpwnam(text.c_str());
  if (user != nullptr) return user->pw_uid;
  return rules::config_error("--uid: there is no user " + rules::in_quotes(text));
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
    if (!prefix) return tl::unexpected(prefix.error());
    clients.prefixes.push_back(*prefix);
  }
  for (const auto& path : clients.cgroups) {
    if (path.find('"') != std::string::npos) return rules::config_error("--cgroup: no quotes");
  }
  if (clients.local() || clients.remote()) return clients;
  return rules::config_error("whose connections?",
                             "give --uid or --cgroup (of this machine), or --interface or --prefix "
                             "(of others, behind it)");
}

// Mistakes that nft would not find.
Result<void> check_listeners(const rules::Config& config, const InterceptedClients& clients) {
  bool any = false;
  for (const auto& one : config.listeners) {
    if (!one.enabled || one.intercept == rules::Intercept::kNone) continue;
    any = true;
    if (one.listen.port == 0) {
      return rules::config_error("listener " + rules::in_quotes(one.name) + " has no fixed port",
                                 "clients are sent to a port: give it one");
    }
    if (one.intercept == rules::Intercept::kTproxy && clients.local()) {
      return rules::config_error(
          "listener " + rules::in_quotes(one.name) + ": tproxy is for connections of others",
          "for those of --uid and --cgroup write intercept = \"redirect\"");
    }
    const auto ip = one.listen.ip();
    if (clients.remote() && ip && ip->is_loopback()) {
      return rules::config_error("listener " + rules::in_quotes(one.name) + " listens on loopback",
                                 "what comes from other machines does not arrive there: listen on "
                                 "\"0.0.0.0:" +
                                     std::to_string(one.listen.port) + "\"");
    }
  }
  if (any) return {};
  return rules::config_error("no listener of the file intercepts",
                             "write intercept = \"redirect\" in a [[listener]]");
}

bool diverts(const rules::Config& config) {
  return std::any_of(config.listeners.begin(), config.listeners.end(), [](const auto& one) {
    return one.enabled && one.intercept == rules::Intercept::kTproxy;
  });
}

int remove_rules() {
  if (auto removed = run_nft(gateway_removal()); !removed) return fail(removed.error());
  if (auto removed = remove_divert_route(); !removed) return fail(removed.error());
  return 0;
}

}  // namespace

int intercept(const InterceptOptions& options) {
  if (options.action == "remove") return remove_rules();
  const auto config = load(options.path);
  if (!config) return kBadInput;
  const auto length = rules::parse_duration(options.length);
  if (!length || *length < std::chrono::seconds(1)) {
    return fail(rules::config_error("--for: a duration of a second or more", "e.g. 10m").value());
  }
  const auto clients = clients_of(options);
  if (!clients) return fail(clients.error());
  if (auto fine = check_listeners(*config, *clients); !fine) return fail(fine.error());
  const auto script =
      gateway_ruleset(config->listeners, *clients,
                      std::chrono::duration_cast<std::chrono::seconds>(*length).count());
  if (options.action == "print") {
    fmt::print("{}", script);
    if (!diverts(*config)) return 0;
    for (const auto* ip : {"ip", "ip -6"}) {
      fmt::print(
          "# {} rule add fwmark {:#x} lookup {}\n# {} route add local default dev lo table {}\n",
          ip, kDivertedMark, kRouteTable, ip, kRouteTable);
    }
    return 0;
  }
  if (auto done = run_nft(script); !done) return fail(done.error());
  if (!diverts(*config)) return 0;
  const auto routed = add_divert_route();
  return routed ? 0 : fail(routed.error());
}

}  // namespace brownout::cli
