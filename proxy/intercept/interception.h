// Interception finds the original destination of a client that the kernel redirected to a listener:
// the server's address, its DNS names, and the route to it.
//
// The engine makes one object, which all workers share; safe on any thread.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "proxy/intercept/original_destination.h"
#include "proxy/net/name_memory.h"
#include "proxy/net/raw_datagrams.h"
#include "proxy/net/upstream_group.h"
#include "rules/match/match.h"

namespace brownout::proxy {

// How a client reached an intercepting listener.
enum class ArrivalKind {
  kDiverted,  // redirected to the listener by the kernel
  kStray,     // connected to the listener itself, or the original destination is unknown
  kOwnDial,   // a connection of this process to a server, redirected back to the listener
};

class OwnDials;

class Interception {
 public:
  // Uses the machine's own network namespace, with its conntrack and routes.
  Interception();
  // Uses a separate network namespace, where all traffic arrives by TPROXY, whatever the listener's
  // `intercept` is.
  Interception(std::shared_ptr<const Route> route, std::unique_ptr<RawDatagrams> raw);

  ~Interception();

  // Stores the original destination and its DNS names in `flow` if the result is kDiverted. `port`
  // is the listener's port.
  ArrivalKind resolve_original_destination(rules::FlowFacts& flow, const Fd& accepted,
                                           rules::Intercept how, std::uint16_t port) const;
  bool resolve_datagram_destination(rules::FlowFacts& flow, const SocketAddress& client,
                                    const Fd& socket, const LocalAddress& local) const;
  // The sender of replies to datagrams that arrived by TPROXY. Null if no datagrams arrive by
  // TPROXY.
  const RawDatagrams* raw() const { return raw_.get(); }
  // The sender of ICMP messages to clients whose datagrams a rule rejects. Never null; it does not
  // work without the capability CAP_NET_RAW, outside a separate namespace.
  const RawDatagrams* rejecter() const;
  // Returns the original destination of a flow as a group of servers to connect to.
  std::shared_ptr<UpstreamGroup> group_of(const rules::FlowFacts& flow, std::uint64_t seed,
                                          bool spoof_client) const;

  // Sets whether names in DNS answers are remembered, which costs time for each answer.
  void want_names(bool wanted) { names_wanted_.store(wanted, std::memory_order_relaxed); }
  bool names_wanted() const { return names_wanted_.load(std::memory_order_relaxed); }
  NameMemory& names() { return names_; }
  // Whether the clients are in a separate network namespace (`brownout exec`), where packets keep
  // their destination address.
  bool own_network() const { return own_network_; }

 private:
  void fill(rules::FlowFacts& flow, const SocketAddress& destination) const;

  // null if this process's own connections are never redirected
  std::shared_ptr<OwnDials> own_dials_;
  std::shared_ptr<const Route> route_;  // null for the default Route
  // null if conntrack cannot be read; then UDP destinations are unknown
  std::unique_ptr<Conntrack> conntrack_;
  std::unique_ptr<RawDatagrams> raw_;
  bool own_network_ = false;
  NameMemory names_;
  std::atomic<bool> names_wanted_{false};
  // Made when it is first needed, if raw_ is null.
  mutable std::unique_ptr<RawDatagrams> rejecter_;
  mutable std::once_flag rejecter_made_;
};

}  // namespace brownout::proxy
