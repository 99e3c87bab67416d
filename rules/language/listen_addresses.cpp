#include "rules/language/listen_addresses.h"

#include <charconv>
#include <utility>

namespace brownout::rules {

std::optional<BrokerNames> parse_broker_names(std::string_view text) {
  BrokerNames brokers;
  const auto colon = text.find(':');
  if (colon != std::string_view::npos) {
    const auto port = text.substr(colon + 1);
    const auto end = port.data() + port.size();
    const auto read = std::from_chars(port.data(), end, brokers.port);
    if (read.ec != std::errc() || read.ptr != end || brokers.port == 0) return std::nullopt;
  }
  auto names = ServerNames::parse(text.substr(0, colon));
  if (!names) return std::nullopt;
  brokers.names = std::move(*names);
  return brokers;
}

// Returns false if another listener has the same address. A DNS listener uses TCP and UDP.
bool ListenAddresses::claim(const Listener& listener) {
  const auto address = to_text(listener.listen);
  bool free = true;
  if (takes_connections(listener)) free &= taken_.insert("tcp " + address).second;
  if (takes_datagrams(listener)) free &= taken_.insert("udp " + address).second;
  return free;
}

void ListenAddresses::claim(const Node& node, const Listener& listener, Diagnostics& problems) {
  const bool fixed = listener.listen.is_unix() || listener.listen.port != 0;
  if (fixed && !claim(listener)) {
    problems.add(position_of(node, "listen"),
                 "two listeners listen on " + in_quotes(to_text(listener.listen)),
                 listener.listen.is_unix() ? "give each listener its own path"
                                           : "give each listener its own address or port");
  }
  if (listener.brokers != Brokers::kFollow || !listener.broker_ports) return;
  for (int port = listener.broker_ports->first; port <= listener.broker_ports->last; ++port) {
    const Endpoint address{listener.listen.host, static_cast<std::uint16_t>(port), ""};
    if (taken_.insert("tcp " + to_text(address)).second) continue;
    return problems.add(
        position_of(node, "broker_ports"),
        "two listeners, or a listener and its brokers, listen on " + in_quotes(to_text(address)),
        "give ports that no other listener uses");
  }
}

void follow_brokers(Listener& listener) {
  if (listener.brokers != Brokers::kFollow) return;
  if (const auto brokers = parse_broker_names(listener.broker_names)) {
    const auto port = brokers->port != 0 ? brokers->port : listener.listen.port;
    return listener.rewrite.follow(FollowedServers::make(brokers->names, port));
  }
  if (!listener.broker_ports) return;
  const auto& host = listener.advertise.empty() ? listener.listen.host : listener.advertise;
  listener.rewrite.follow(FollowedServers::make(host, *listener.broker_ports));
}

}  // namespace brownout::rules
