#include "proxy/draft/place.h"

#include <utility>

#include "proxy/draft/suggestions.h"
#include "proxy/draft/usual_ports.h"
#include "proxy/formats/toml_text.h"
#include "rules/base/address.h"
#include "rules/base/diagnostics.h"
#include "rules/language/presets.h"
#include "rules/match/protocol.h"

namespace brownout::draft {
namespace {

using codecs::toml_string;
using rules::Result;

constexpr std::string_view kOutageName = "messaging-outage";
constexpr std::size_t kMostRules = 8;

std::string or_default(const std::string& given, std::string_view fallback) {
  return given.empty() ? std::string(fallback) : given;
}

// Fills in missing answers. If the protocol has a usual port, the default addresses use it.
Place with_defaults(Place place) {
  place.protocol = or_default(place.protocol, Place::kProtocol);
  // Does not propose ports below 1024 for this machine, since only root may listen there.
  const auto own = usual_port(place.protocol);
  const auto port = own > 1024 ? own : 0;
  const auto here = [](int number) { return "127.0.0.1:" + std::to_string(number); };
  place.listen = or_default(place.listen, port != 0 ? here(port + 1) : std::string(Place::kListen));
  if (place.servers.empty()) {
    place.servers.push_back(port != 0 ? here(port) : std::string(Place::kServer));
  }
  return place;
}

Result<void> about_answer(std::string_view what, const rules::Error& error) {
  return rules::config_error(std::string(what) + ": " + error.what, error.hint);
}

std::vector<std::string_view> preset_names() {
  std::vector<std::string_view> names{kOutageName};
  for (const auto& preset : rules::all_presets()) names.push_back(preset.name);
  return names;
}

Result<Draft> network_draft(const Place& place, const rules::Preset& preset) {
  auto listener = listener_of(place);
  if (!listener) return tl::unexpected(listener.error());
  const std::string name(preset.name);
  return Draft{introduction("the preset " + name),
               {std::move(*listener),
                {.kind = "rule",
                 .lines = {{"name", toml_string(name)}, {"preset", toml_string(name)}},
                 .about = "Figures from: " + std::string(preset.source) + "."}}};
}

Result<Draft> outage_draft(Place place) {
  if (place.protocol.empty()) place.protocol = "mqtt";
  auto listener = listener_of(place);
  if (!listener) return tl::unexpected(listener.error());
  const auto protocol = rules::Protocol::named(place.protocol);
  if (protocol->messages().empty()) {
    std::vector<std::string_view> names;
    for (const auto name : rules::Protocol::names()) {
      if (!rules::Protocol::named(name)->messages().empty()) names.push_back(name);
    }
    return rules::config_error(
        std::string(kOutageName) +
            " needs a protocol with messages, and Brownout reads no messages in " + place.protocol,
        rules::suggest(place.protocol, names));
  }
  Draft draft{introduction("the preset " + std::string(kOutageName)), {*listener}};
  draft.about.push_back(
      "A messaging service fails for six minutes, which begin when the file is loaded: it gets "
      "slow, loses messages, is unreachable, and is overloaded when it comes back. `brownout "
      "rehearse` runs such outages with synthetic users and a verdict: see examples/outages.");
  for (auto& rule : outage_of({.listener = *listener})) draft.tables.push_back(std::move(rule));
  return draft;
}

}  // namespace

Result<void> check_listen(const std::string& text) {
  const auto where = rules::parse_listen(text);
  if (!where) return about_answer("the address for clients", where.error());
  return {};
}

Result<void> check_server(const std::string& text) {
  const auto where = rules::parse_endpoint(text);
  if (!where) return about_answer("the address of the server", where.error());
  return {};
}

Result<void> check_protocol(const std::string& text) {
  if (rules::Protocol::named(text)) return {};
  const auto names = rules::Protocol::names();
  return rules::config_error("unknown protocol " + rules::in_quotes(text),
                             rules::suggest(text, names));
}

std::string upstream_text(const std::vector<std::string>& servers) {
  std::string list;
  for (const auto& server : servers) list += (list.empty() ? "" : ", ") + toml_string(server);
  return servers.size() == 1 ? list : "[" + list + "]";
}

Result<Table> listener_of(const Place& given) {
  const auto [listen, servers, protocol] = with_defaults(given);
  auto checked = check_listen(listen);
  for (const auto& server : servers) {
    if (checked) checked = check_server(server);
  }
  if (checked) checked = check_protocol(protocol);
  if (!checked) return tl::unexpected(checked.error());
  Table listener{.kind = "listener",
                 .lines = {{"protocol", toml_string(protocol), "the protocol of the clients"},
                           {"listen", toml_string(listen), "clients connect to this address"}}};
  const auto kind = *rules::Protocol::named(protocol);
  if (kind != rules::Protocol::kProxy) {
    listener.lines.push_back(
        {"upstream", upstream_text(servers), "the server to which Brownout forwards"});
  }
  if (kind.of_messages() != nullptr && kind.of_messages()->needs_framing()) {
    listener.lines.push_back({"framing", R"({ delimiter = "\n" })",
                              "the bytes that end a message; see docs/reference.md"});
  }
  return listener;
}

std::vector<std::string> introduction(const std::string& origin) {
  return {
      "A rule file, made by `brownout init` from " + origin + ".",
      "`brownout check FILE` finds mistakes; `brownout run FILE` starts the proxy, and reads the "
      "file again when it changes; `brownout explain` says which rules act.",
      "A rule whose lines begin with # is off: remove the # of each of its lines to switch it "
      "on. All faults and keys: docs/faults.md, docs/reference.md."};
}

Result<Draft> draft_of(const Place& place) {
  auto listener = listener_of(place);
  if (!listener) return tl::unexpected(listener.error());
  Draft draft{introduction("your answers"), {*listener}};
  // Clients of a forward proxy speak any protocol, so only rules for all connections are proposed.
  if (place.protocol == rules::Protocol::kProxy.name()) {
    listener = listener_of(Place{});
  }
  for (auto& rule : suggestions_for({.listener = *listener}, kMostRules)) {
    draft.tables.push_back(std::move(rule));
  }
  return draft;
}

Result<Draft> draft_of_preset(const Place& place, const std::string& preset) {
  if (preset == kOutageName) return outage_draft(place);
  if (const auto* network = rules::find_preset(preset)) return network_draft(place, *network);
  const auto names = preset_names();
  return rules::config_error("unknown preset " + rules::in_quotes(preset),
                             rules::suggest(preset, names));
}

}  // namespace brownout::draft
