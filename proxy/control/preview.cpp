#include "proxy/control/preview.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "rules/base/valid_text.h"
#include "rules/language/warnings.h"

namespace brownout::proxy {
namespace {

using PreviewJson = nlohmann::ordered_json;

constexpr std::size_t kMostExamples = 3;

// The keys of `match` that select connections. `host` and `node` are left out, since the list of
// open flows does not contain them.
constexpr std::array<std::string_view, 6> kKeysOfFlows{"listener",    "client", "source_port",
                                                       "destination", "port",   "direction"};

bool is_key_of_flows(std::string_view key) {
  return std::find(kKeysOfFlows.begin(), kKeysOfFlows.end(), key) != kKeysOfFlows.end();
}

void set_address(const std::string& text, std::optional<rules::IpAddress>& address,
                 std::uint16_t& port) {
  const auto found = rules::parse_address_port(text);
  if (!found) return;
  address = found->address;
  port = found->port;
}

rules::FlowFacts facts_of(const FlowStatus& flow) {
  rules::FlowFacts facts;
  facts.listener = flow.listener;
  facts.ordinal = flow.ordinal;
  set_address(flow.client, facts.client, facts.client_port);
  set_address(flow.destination, facts.destination, facts.destination_port);
  return facts;
}

// Whether all keys in these tables of `not` select connections.
bool is_of_flows(const rules::Node& tables) {
  if (const auto* list = tables.array()) {
    return std::all_of(list->begin(), list->end(), is_of_flows);
  }
  const auto* table = tables.table();
  return table != nullptr && std::all_of(table->begin(), table->end(), [](const auto& member) {
           return is_key_of_flows(member.key);
         });
}

// Returns the match without conditions on a request, query, message or handshake. Such a condition
// may be met later on an open connection.
rules::Match of_flows(rules::Match match) {
  match.host.clear();
  match.node.clear();
  match.dns = {};
  match.http = {};
  match.tls = {};
  std::erase_if(match.except, [](const rules::Except& entry) {
    return !std::all_of(entry.keys.begin(), entry.keys.end(), is_key_of_flows);
  });
  return match;
}

// Returns the keys of the rule's match that cannot be checked for open connections.
PreviewJson other_keys(const rules::Node& rule) {
  PreviewJson keys = PreviewJson::array();
  const auto* match = rule.find("match");
  if (match == nullptr || match->table() == nullptr) return keys;
  for (const auto& [key, where, value] : *match->table()) {
    const bool known = key == "not" ? is_of_flows(value) : is_key_of_flows(key);
    if (!known) keys.push_back(rules::valid_text(key));
  }
  return keys;
}

}  // namespace

Allowed<PreviewJson> preview_of(const LiveConfig& live, const std::string& name, rules::Node rule) {
  auto narrowed_by = other_keys(rule);
  const auto config = live.with_rule(name, std::move(rule));
  if (!config) return tl::unexpected(config.error());
  std::vector<rules::Match> matches;
  rules::Diagnostics warnings;
  for (const auto& candidate : config->rules) {
    // A preset expands to several rules, such as "phones/latency": includes them all.
    if (candidate.name != name && !candidate.name.starts_with(name + "/")) continue;
    matches.push_back(of_flows(candidate.match));
    rules::add_warnings(*config, candidate, warnings);
  }
  const auto open = live.engine().list({});
  std::size_t hit = 0;
  std::set<std::string> clients;
  PreviewJson examples = PreviewJson::array();
  for (const auto& flow : open.flows) {
    const auto facts = facts_of(flow);
    const bool hits = std::any_of(matches.begin(), matches.end(),
                                  [&](const auto& match) { return match.matches(facts); });
    if (!hits) continue;
    ++hit;
    clients.insert(facts.client ? to_text(*facts.client) : std::string());
    if (examples.size() < kMostExamples) {
      examples.push_back(rules::valid_text(flow.listener) + "#" + std::to_string(flow.ordinal) +
                         (flow.client.empty() ? "" : " of " + flow.client));
    }
  }
  PreviewJson said = PreviewJson::array();
  for (const auto& warning : warnings.sorted()) said.push_back(rules::valid_text(warning.what));
  return PreviewJson{{"open", open.total},         {"hit", hit},
                     {"clients", clients.size()},  {"examples", examples},
                     {"narrowed_by", narrowed_by}, {"warnings", said}};
}

}  // namespace brownout::proxy
