#include "proxy/draft/seen.h"

#include <algorithm>

#include "proxy/draft/usual_ports.h"
#include "proxy/formats/flow_record.h"
#include "proxy/formats/json_text.h"
#include "rules/match/protocol.h"

namespace brownout::draft {
namespace {

// Limit of listener names that are kept from events. It bounds the memory that a file from
// elsewhere can take.
constexpr std::size_t kMostSpoken = 1024;

// Returns the protocol that the properties of an event imply; "" if they imply none.
std::string_view spoken_in(const nlohmann::json& event) {
  if (event.contains("qname")) return "dns";
  if (event.contains("method")) return "http";
  if (event.contains("sni") || event.contains("ja3")) return "tls";
  return {};
}

bool has_text(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string();
}

}  // namespace

rules::Result<void> Seen::add(std::string_view line) {
  const auto read = codecs::read_json(line);
  const bool event = read && read->is_object() && !has_text(*read, "destination") &&
                     (has_text(*read, "listener") || has_text(*read, "event"));
  if (event) {
    const auto spoken = spoken_in(*read);
    if (!spoken.empty() && has_text(*read, "listener") && spoken_.size() < kMostSpoken) {
      spoken_[(*read)["listener"].get<std::string>()] = spoken;
    }
    return {};
  }
  // Ignores the line of a closed flow: the event stream also has a line for the same flow when it
  // opens.
  if (read && read->is_object() && has_text(*read, "event") && (*read)["event"] == "closed")
    return {};
  if (codecs::is_lost_syns(line)) return {};
  const auto flow = codecs::read_flow(line);
  if (!flow) return tl::unexpected(flow.error());
  add(*flow);
  return {};
}

void Seen::add(const rules::FlowFacts& flow) {
  if (!flow.destination || flow.destination_port == 0) return;
  auto* place = place_of(flow);
  if (place == nullptr) {
    ++left_out_;
    return;
  }
  ++place->flows;
  const bool named = flow.names != nullptr && !flow.names->empty();
  Server server{to_text(*flow.destination), named ? flow.names->front() : ""};
  const auto known = std::find_if(place->servers.begin(), place->servers.end(), [&](auto& other) {
    return named ? other.name == server.name
                 : other.name.empty() && other.address == server.address;
  });
  if (known != place->servers.end()) return;
  if (place->servers.size() < kMostServers) {
    place->servers.push_back(std::move(server));
  } else {
    ++left_out_;
  }
}

Seen::Place* Seen::place_of(const rules::FlowFacts& flow) {
  const bool datagrams = flow.carrier == rules::Carrier::kDatagram;
  const auto found = std::find_if(places_.begin(), places_.end(), [&](const Place& place) {
    return place.listener == flow.listener && place.datagrams == datagrams &&
           place.port == flow.destination_port;
  });
  if (found != places_.end()) return &*found;
  if (places_.size() == kMostPlaces) return nullptr;
  places_.push_back({flow.listener, datagrams, flow.destination_port, {}, 0});
  return &places_.back();
}

std::string Seen::protocol_of(const Place& place) const {
  const auto spoken = spoken_.find(place.listener);
  const auto guess =
      std::string(spoken != spoken_.end() ? spoken->second : usual_protocol(place.port));
  const auto protocol = rules::Protocol::named(guess);
  const bool fits = protocol && (place.datagrams ? *protocol == rules::Protocol::kDns
                                                 : protocol->is_connections() || guess == "dns");
  if (fits) return guess;
  return place.datagrams ? "udp" : "tcp";
}

rules::Result<Seen> read_seen(std::string_view text) {
  Seen seen;
  std::size_t number = 0;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (const auto added = seen.add(line); !added) {
      return rules::config_error("line " + std::to_string(number) + ": " + added.error().what,
                                 added.error().hint);
    }
  }
  if (!seen.empty()) return seen;
  return rules::config_error("no line of the file names a server",
                             "record flows with `brownout run rules.toml --flows flows.jsonl`; "
                             "events (--events) contain no addresses of servers");
}

}  // namespace brownout::draft
