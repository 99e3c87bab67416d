// Makes rule files from recorded flows.
#include <algorithm>
#include <set>
#include <utility>

#include "proxy/draft/place.h"
#include "proxy/draft/seen.h"
#include "proxy/draft/suggestions.h"
#include "proxy/formats/toml_text.h"
#include "rules/base/address.h"
#include "rules/base/shell_text.h"
#include "rules/base/units.h"
#include "rules/base/valid_text.h"

namespace brownout::draft {
namespace {

using codecs::toml_string;

constexpr std::size_t kRulesOfListener = 4;
constexpr std::size_t kRulesOfServer = 3;
constexpr std::size_t kMostTargets = 200;  // limit of servers for which rules are proposed
// Limit of host names for whose DNS queries rules are proposed.
constexpr std::size_t kMostNames = 8;

std::string seen_text(std::uint64_t flows, const std::string& protocol, std::uint16_t port) {
  const bool known = protocol != "tcp" && protocol != "udp";
  return rules::count_of(flows, "flow") + " seen to port " + std::to_string(port) +
         (known ? "; " + protocol + " is guessed from the port or from events." : ".");
}

std::string address_with(const Seen::Server& server, std::uint16_t port, const std::string& name) {
  const auto ip = rules::IpAddress::parse(server.address);
  return name.empty() && ip ? to_text(*ip, port) : name + ":" + std::to_string(port);
}

void say_left_out(const Seen& seen, Draft& draft) {
  if (seen.left_out() == 0) return;
  draft.about.push_back("Left out: " + rules::count_of(seen.left_out(), "flow") +
                        " to further servers.");
}

void add_off(Draft& draft, std::vector<Table> rules) {
  for (auto& rule : rules) {
    rule.on = false;
    draft.tables.push_back(std::move(rule));
  }
}

// Chooses ports of this machine for new listeners: the server's port plus 10000, or the next free
// port.
class FreePorts {
 public:
  explicit FreePorts(const Seen& seen) {
    for (const auto& place : seen.places()) taken_.insert(place.port);
  }
  std::uint16_t near(std::uint16_t port) {
    unsigned wanted = port <= 55535 ? port + 10000U : port - 10000U;
    while (!taken_.insert(wanted).second) wanted = wanted == 65535 ? 10000 : wanted + 1;
    return static_cast<std::uint16_t>(wanted);
  }

 private:
  std::set<unsigned> taken_;
};

// Divides the servers of a place into groups, each of which gets one listener. Each host name is a
// group. All addresses without a name together are another group.
std::vector<std::pair<std::string, std::vector<std::string>>> groups_of(
    const Seen::Place& place, const std::string& protocol) {
  std::vector<std::pair<std::string, std::vector<std::string>>> groups;
  std::vector<std::string> unnamed;
  for (const auto& server : place.servers) {
    // A DNS resolver is always given by its address, even if its name is known.
    const bool named =
        !server.name.empty() && protocol != "dns" && check_server(server.name + ":1").has_value();
    if (named) {
      groups.push_back({server.name, {address_with(server, place.port, server.name)}});
    } else {
      unnamed.push_back(address_with(server, place.port, ""));
    }
  }
  if (!unnamed.empty()) groups.push_back({"", std::move(unnamed)});
  return groups;
}

class CommandDraft {
 public:
  CommandDraft(const Seen& seen, Draft& draft) : seen_(seen), draft_(draft) {}

  void add_all() {
    // Adds a listener for each place. A command may reach the same port number by TCP and by UDP:
    // these are two places.
    for (const auto& place : seen_.places()) add(place);
    add_queries();
  }

 private:
  Table& add_listener(const std::string& protocol, std::uint16_t port, std::string about) {
    // Takes the names of the listeners that `brownout exec` has by default, so that the file's
    // listeners replace them.
    const bool usual = (protocol == "dns" && port == 53) || (protocol == "http" && port == 80) ||
                       (protocol == "tls" && port == 443);
    const auto name = names_.take(usual ? protocol : protocol + "-" + std::to_string(port));
    draft_.tables.push_back({.kind = "listener",
                             .lines = {{"name", toml_string(name)},
                                       {"protocol", toml_string(protocol)},
                                       {"listen", toml_string("127.0.0.1:0")},
                                       {"intercept", toml_string("redirect")},
                                       {"ports", "[" + std::to_string(port) + "]"}},
                             .about = std::move(about)});
    return draft_.tables.back();
  }

  void add(const Seen::Place& place) {
    const auto protocol = seen_.protocol_of(place);
    if (protocol == "dns") return;
    const auto listener =
        add_listener(protocol, place.port, seen_text(place.flows, protocol, place.port));
    const auto name = listener.lines.front().value;
    for (const auto& server : place.servers) {
      if (++targets_ > kMostTargets) return;
      const bool named = !server.name.empty();
      const auto& label = named ? server.name : server.address;
      const auto key = named ? "host" : "destination";
      const Target target{
          .listener = listener,
          .match = "listener = " + name + ", " + key + " = " + toml_string(label) + ", ",
          .about = labels_.take(label + ":" + std::to_string(place.port))};
      add_off(draft_, suggestions_for(target, kRulesOfServer));
    }
  }

  // Adds a listener for DNS. DNS queries are not recorded as flows, but the host names of the
  // servers show which names the command looked up.
  void add_queries() {
    std::set<std::string> queries;
    for (const auto& place : seen_.places()) {
      for (const auto& server : place.servers) {
        if (!server.name.empty() && queries.size() < kMostNames) queries.insert(server.name);
      }
    }
    if (queries.empty()) return;
    const auto listener = add_listener("dns", 53, "The names of these servers were looked up.");
    for (const auto& query : queries) {
      const Target target{.listener = listener,
                          .match = "qname = " + toml_string(query) + ", ",
                          .about = labels_.take(query)};
      add_off(draft_, suggestions_for(target, kRulesOfServer));
    }
  }

  const Seen& seen_;
  Draft& draft_;
  Names names_;
  Names labels_;
  std::size_t targets_ = 0;
};

}  // namespace

rules::Result<Draft> draft_of_flows(const Seen& seen) {
  Draft draft{introduction("recorded flows"), {}};
  draft.about.push_back(
      "A listener for each server that was seen: let clients connect to `listen` instead. All "
      "rules "
      "are off.");
  say_left_out(seen, draft);
  Names names;
  FreePorts ports(seen);
  for (const auto& place : seen.places()) {
    const auto protocol = seen.protocol_of(place);
    for (const auto& [host, servers] : groups_of(place, protocol)) {
      const auto base = !host.empty()            ? host
                        : place.listener.empty() ? protocol + "-" + std::to_string(place.port)
                                                 : rules::valid_text(place.listener);
      const auto name = names.take(base);
      const auto listen = "127.0.0.1:" + std::to_string(ports.near(place.port));
      auto listener = listener_of({listen, servers, protocol});
      if (!listener) return tl::unexpected(listener.error());
      listener->lines.insert(listener->lines.begin(), {"name", toml_string(name)});
      listener->about = seen_text(place.flows, protocol, place.port);
      const Target target{
          .listener = *listener, .match = "listener = " + toml_string(name) + ", ", .about = name};
      draft.tables.push_back(std::move(*listener));
      add_off(draft, suggestions_for(target, kRulesOfListener));
    }
  }
  return draft;
}

rules::Result<Draft> draft_of_command(const Seen& seen, const std::string& program) {
  Draft draft{introduction("what a command did"), {}};
  draft.about.push_back("Run it with faults: brownout exec FILE -- " + rules::shell_word(program) +
                        " and its arguments, which are not stored here, since they may hold "
                        "secrets.");
  draft.about.push_back(
      "A listener for each port that the command connected to; its connections still go where they "
      "went. All rules are off.");
  say_left_out(seen, draft);
  CommandDraft(seen, draft).add_all();
  return draft;
}

}  // namespace brownout::draft
