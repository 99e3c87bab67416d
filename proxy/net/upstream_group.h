// A group of servers and the order in which one connection tries them.
//
//   failover     in the order of the file
//   round-robin  connection n begins with server n; the others follow in order
//   random       begins with a server that the dice choose for the connection
// A server that could not be reached is tried last for `retry_after` (passive marking). One a
// worker, so what is marked is known to that worker only. Loop's thread only.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "proxy/net/route.h"
#include "proxy/tls/contexts.h"
#include "rules/base/instant.h"
#include "rules/chance/dice.h"
#include "rules/language/config.h"

namespace brownout::proxy {

class UpstreamGroup {
 public:
  // `tls` is null where servers are spoken to in the clear.
  UpstreamGroup(rules::Upstream config, std::uint64_t seed,
                std::shared_ptr<const tls::ClientContext> tls = nullptr,
                std::shared_ptr<const Route> route = nullptr);
  // Where a client wanted to go, by its addresses; for its connection only. At least one.
  static std::shared_ptr<UpstreamGroup> to(std::vector<rules::Endpoint> servers, std::uint64_t seed,
                                           std::shared_ptr<const Route> route);

  const rules::Upstream& config() const { return config_; }
  const std::shared_ptr<const tls::ClientContext>& tls() const { return tls_; }
  // Whether TLS begins inside a connection, when the server agrees to it.
  bool starts_tls() const { return tls_ && config_.tls && config_.tls->starttls; }
  const Route& route() const { return *route_; }
  const rules::Endpoint& server(std::size_t index) const { return config_.servers[index]; }
  // Indices of servers for the connection with this key and ordinal (from 1).
  std::vector<std::size_t> order(rules::Key flow, std::uint64_t ordinal, rules::Instant now) const;
  // Each is logged when it is news.
  void mark_failed(std::size_t index, std::string_view why, rules::Instant now);
  void mark_working(std::size_t index);

 private:
  rules::Upstream config_;
  std::uint64_t seed_;
  std::shared_ptr<const tls::ClientContext> tls_;
  std::shared_ptr<const Route> route_;
  std::vector<rules::Instant> failed_until_;
};

}  // namespace brownout::proxy
