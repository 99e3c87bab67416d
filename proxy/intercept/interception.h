// Interception finds the original destination of clients that the kernel redirected to a listener,
// its DNS names, and the route to it.
//
// One object is shared by all workers; safe on any thread.
#pragma once

#include <atomic>
#include <memory>

#include "proxy/intercept/original_destination.h"
#include "proxy/net/name_memory.h"
#include "proxy/net/raw_datagrams.h"
#include "proxy/net/upstream_group.h"
#include "rules/match/match.h"

namespace brownout::proxy {

// How a client reached an intercepting listener.
enum class ArrivalKind {
  kDiverted,  // redirected by the kernel
  kStray,     // connected directly, or the destination is unknown
  kOwnDial,   // this process's own connection to a server, redirected back
};

class OwnDials;

class Interception {
 public:
  // Makes an object for the machine's own network namespace, with its conntrack and routes.
  Interception();
  // Makes an object for a separate network namespace, where all traffic arrives by TPROXY, whatever
  // the listener's `intercept` is.
  Interception(std::shared_ptr<const Route> route, std::unique_ptr<RawDatagrams> raw);

  ~Interception();

  // Fill in the destination and its names, unless the client must be refused. `port` is the
  // listener's port.
  ArrivalKind resolve_original_destination(rules::FlowFacts& flow, const Fd& accepted,
                                           rules::Intercept how, std::uint16_t port) const;
  bool resolve_datagram_destination(rules::FlowFacts& flow, const SocketAddress& client,
                                    const Fd& socket, const LocalAddress& local) const;
  // Sends replies to datagrams that arrived by TPROXY; null if no datagrams arrive by TPROXY.
  const RawDatagrams* raw() const { return raw_.get(); }
  // Returns the upstream of a flow whose destination is resolved.
  std::shared_ptr<UpstreamGroup> group_of(const rules::FlowFacts& flow, std::uint64_t seed,
                                          bool spoof_client) const;

  // Turns the recording of names from DNS answers on or off. Recording costs time for each answer.
  void want_names(bool wanted) { names_wanted_.store(wanted, std::memory_order_relaxed); }
  bool names_wanted() const { return names_wanted_.load(std::memory_order_relaxed); }
  NameMemory& names() { return names_; }

 private:
  void fill(rules::FlowFacts& flow, const SocketAddress& destination) const;

  std::shared_ptr<OwnDials> own_dials_;   // null: own connections are never redirected
  std::shared_ptr<const Route> route_;    // null: the default Route
  std::unique_ptr<Conntrack> conntrack_;  // null: UDP destinations are unknown
  std::unique_ptr<RawDatagrams> raw_;
  bool own_network_ = false;
  NameMemory names_;
  std::atomic<bool> names_wanted_{false};
};

}  // namespace brownout::proxy
