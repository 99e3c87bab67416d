// The part of DnsServer that chooses the resolver of a query: a server of the upstream group, or
// the original destination of an intercepted query.
#include <spdlog/spdlog.h>

#include <utility>

#include "proxy/dns/dns_server.h"
#include "proxy/intercept/interception.h"
#include "proxy/loop/limited_log.h"

namespace brownout::proxy {
namespace {

// Limits of the resolvers that intercepted clients use. Above the first limit, resolvers without
// pending queries are forgotten. Above the second, queries to further resolvers are refused.
constexpr std::size_t kMostResolvers = 64;
constexpr std::size_t kMostBusyResolvers = 256;

}  // namespace

// Stores in `query` the resolver to which an intercepted client sent it. Returns false if the
// original destination is unknown.
bool DnsServer::find_resolver(DnsQuery& query) {
  if (view_->config.intercept == rules::Intercept::kNone) return true;
  if (host_.interception().resolve_datagram_destination(query.facts, query.client, socket_.fd,
                                                        query.local))
    return true;
  view_->stats->dropped.fetch_add(1, std::memory_order_relaxed);
  if (std::exchange(warned_stray_, true)) return false;
  spdlog::warn(
      "listener {}: queries are dropped, because their original destination is unknown: the lookup "
      "needs conntrack in the kernel; run brownout as root or with the capability CAP_NET_ADMIN",
      view_->config.name);
  return false;
}

DnsForwarder* DnsServer::forwarder_for(const DnsQuery& query) {
  if (!query.facts.intercepted) return forwarder_.get();
  const auto resolver = to_text(*query.facts.destination, query.facts.destination_port);
  if (const auto found = intercepted_.find(resolver); found != intercepted_.end()) {
    return found->second.get();
  }
  if (intercepted_.size() >= kMostResolvers) forget_idle_resolvers();
  if (intercepted_.size() >= kMostBusyResolvers) return nullptr;
  auto& forwarder = intercepted_[resolver];
  forwarder =
      make_forwarder(host_.interception().group_of(query.facts, host_.rules().seed(), false));
  return forwarder.get();
}

void DnsServer::forget_idle_resolvers() {
  for (auto known = intercepted_.begin(); known != intercepted_.end();) {
    const bool idle = known->second->in_flight() == 0;
    if (idle) loop_.retire(std::move(known->second));
    known = idle ? intercepted_.erase(known) : std::next(known);
  }
}

void DnsServer::log_full() const {
  const auto kind = "listener " + view_->config.name + ": too many resolvers";
  log_limited(spdlog::level::warn, kind,
              "{}: queries already wait for {} resolvers; queries to further resolvers get "
              "SERVFAIL until some of these answer",
              kind, kMostBusyResolvers);
}

}  // namespace brownout::proxy
