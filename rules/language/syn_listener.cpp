#include "rules/language/syn_listener.h"

namespace brownout::rules {
namespace {

// Returns which addresses a filter on the listener's socket sees. REDIRECT replaces the destination
// in the packet by the listener's own address (nft(8), "redirect"), but TPROXY keeps it. nftables
// knows the original destination from conntrack.
SynSight sight_of(const Listener& listener, const SynWays& ways) {
  if (!takes_connections(listener) || listener.listen.is_unix()) return SynSight::kNone;
  const bool kept = listener.intercept == Intercept::kTproxy ||
                    (listener.intercept == Intercept::kRedirect && ways.own_network);
  return kept || by_packets(listener, ways) ? SynSight::kDestination : SynSight::kClient;
}

// Returns which addresses nftables sees at the listener. With `exec`, a listener that does not
// intercept is in the machine's network namespace, where Brownout does not use nftables. Outside
// `exec`, nftables cannot tell to which socket TPROXY gives a packet.
SynSight packets_of(const Listener& listener, const SynWays& ways) {
  const auto how = ways.own_network && listener.intercept == Intercept::kTproxy
                       ? Intercept::kRedirect
                       : listener.intercept;
  const bool reached =
      how == Intercept::kRedirect || (how == Intercept::kNone && !ways.own_network);
  if (!ways.packets || listener.listen.is_unix() || !reached) return SynSight::kNone;
  return how == Intercept::kRedirect ? SynSight::kDestination : SynSight::kClient;
}

}  // namespace

bool by_packets(const Listener& listener, const SynWays& ways) {
  return ways.packets && !ways.own_network && listener.intercept == Intercept::kRedirect &&
         !listener.listen.is_unix();
}

bool may_need_packets(const RuleSet& set, const Listener& listener, bool own_network) {
  const SynWays all{.own_network = own_network, .packets = true};
  const bool loses = by_packets(listener, all);
  const bool answers = packets_of(listener, all) != SynSight::kNone;
  bool needed = false;
  set.for_each_losing_syns(listener.name, [&](const RuleRef& rule) {
    needed = needed || (rule->fault->answers_syns() ? answers : loses);
  });
  return needed;
}

SynListener syn_listener(const Listener& listener, const Upstream* upstream, const SynWays& ways) {
  SynListener facts{.name = listener.name,
                    .sight = sight_of(listener, ways),
                    .packets = packets_of(listener, ways),
                    .carriers = carriers_of(listener),
                    .filtered = ways.filters,
                    .by_packets = by_packets(listener, ways),
                    .reachable = !ways.own_network,
                    .proxy_header = listener.proxy_protocol};
  if (upstream != nullptr && !listener.knows_destination() && upstream->servers.size() == 1) {
    const auto& server = upstream->servers.front();
    if (const auto ip = server.ip()) facts.server = AddressPort{*ip, server.port};
  }
  return facts;
}

}  // namespace brownout::rules
