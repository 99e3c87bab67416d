#include "rules/language/listen_addresses.h"

namespace brownout::rules {

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
                 "give each its own port");
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
  if (listener.brokers != Brokers::kFollow || !listener.broker_ports) return;
  const auto& host = listener.advertise.empty() ? listener.listen.host : listener.advertise;
  listener.rewrite.follow(FollowedServers::make(host, *listener.broker_ports));
}

}  // namespace brownout::rules
