// UpstreamGroup: the servers of one upstream, and the order in which a connection tries them.
//
//  failover     in the order of the file
//  round-robin  connection n begins with server n; the others follow in order
//  random       begins with a server that the seeded random number generator chooses
//
// A server that could not be reached is tried last for the time `retry_after`. Each worker has its
// own group, so a failure counts for that worker only. Use only on the event loop's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/net/route.h"
#include "proxy/net/server_states.h"
#include "proxy/net/socket.h"
#include "proxy/tls/contexts.h"
#include "rules/base/instant.h"
#include "rules/chance/dice.h"
#include "rules/language/config.h"

namespace brownout::proxy {

class UpstreamGroup {
 public:
  // `tls` is null for servers without TLS.
  UpstreamGroup(rules::Upstream config, std::uint64_t seed,
                std::shared_ptr<const tls::ClientContext> tls = nullptr,
                std::shared_ptr<const Route> route = nullptr);
  // From now on, also records each change of a server's state in `states`, which all workers share.
  // `states` must have one entry for each server of the group.
  void tell(std::shared_ptr<ServerStates> states) { states_ = std::move(states); }
  // Makes a group for one connection, whose servers are the addresses of its original destination.
  // `servers` must not be empty.
  static std::shared_ptr<UpstreamGroup> to(std::vector<rules::Endpoint> servers, std::uint64_t seed,
                                           std::shared_ptr<const Route> route);

  // Returns a copy of `plain` whose connections use TLS, with the server name `name` for SNI and
  // verification.
  static std::shared_ptr<UpstreamGroup> over_tls(const UpstreamGroup& plain,
                                                 std::shared_ptr<const tls::ClientContext> tls,
                                                 std::string name);

  // Copy of `group` with one server, which need not be one of the group's.
  static std::shared_ptr<UpstreamGroup> only(const UpstreamGroup& group, rules::Endpoint server);

  const rules::Upstream& config() const { return config_; }
  const std::shared_ptr<const tls::ClientContext>& tls() const { return tls_; }
  // Whether TLS begins inside the connection (STARTTLS) when the server agrees to it.
  bool starts_tls() const { return tls_ && config_.tls && config_.tls->starttls; }
  const Route& route() const { return *route_; }
  const rules::Endpoint& server(std::size_t index) const { return config_.servers[index]; }
  // The name of a server for SNI and for the verification of its certificate.
  const std::string& tls_name(std::size_t index) const {
    return tls_name_.empty() ? server(index).host : tls_name_;
  }
  // Returns the address of a server that is configured by its address; no value for a name.
  const std::optional<SocketAddress>& literal(std::size_t index) const { return literals_[index]; }
  // Returns the indices of the servers in the order in which the connection with this key and
  // ordinal (from 1) tries them.
  std::vector<std::size_t> order(rules::Key flow, std::uint64_t ordinal, rules::Instant now) const;
  // Returns the first of them.
  std::size_t first(rules::Key flow, std::uint64_t ordinal, rules::Instant now) const;
  // Records that a server cannot be reached. Each change of a server's state is logged.
  void mark_failed(std::size_t index, std::string_view why, rules::Instant now);
  // Records that a connection to the server succeeded.
  void mark_working(std::size_t index);

 private:
  rules::Upstream config_;
  std::uint64_t seed_;
  std::shared_ptr<const tls::ClientContext> tls_;
  std::string tls_name_;  // "" for the host of each server
  std::shared_ptr<const Route> route_;
  std::vector<std::optional<SocketAddress>> literals_;
  std::vector<rules::Instant> failed_until_;
  std::shared_ptr<ServerStates> states_;  // or null
};

}  // namespace brownout::proxy
