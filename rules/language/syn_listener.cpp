#include "rules/language/syn_listener.h"

namespace brownout::rules {
namespace {

// REDIRECT writes the listener's own address into the packet (nft(8), "redirect"); TPROXY leaves it
// alone.
SynSight sight_of(const Listener& listener, bool own_network) {
  if (!takes_connections(listener) || listener.listen.is_unix()) return SynSight::kNone;
  const bool kept = listener.intercept == Intercept::kTproxy ||
                    (listener.intercept == Intercept::kRedirect && own_network);
  return kept ? SynSight::kDestination : SynSight::kClient;
}

}  // namespace

SynListener syn_listener(const Listener& listener, const Upstream* upstream, const SynWays& ways) {
  SynListener facts{.name = listener.name,
                    .sight = sight_of(listener, ways.own_network),
                    .carriers = carriers_of(listener),
                    .filtered = ways.filters,
                    .reachable = !ways.own_network,
                    .proxy_header = listener.proxy_protocol};
  if (upstream != nullptr && !listener.knows_destination() && upstream->servers.size() == 1) {
    const auto& server = upstream->servers.front();
    if (const auto ip = server.ip()) facts.server = AddressPort{*ip, server.port};
  }
  return facts;
}

}  // namespace brownout::rules
