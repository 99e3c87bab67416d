// Interception: how clients who were sent here by the kernel are served: where they wanted to go,
// by what names they know it, and how it is reached from here.
//
// One for all workers; any thread.
#pragma once

#include <atomic>
#include <memory>

#include "proxy/intercept/original_destination.h"
#include "proxy/net/name_memory.h"
#include "proxy/net/raw_datagrams.h"
#include "proxy/net/upstream_group.h"
#include "rules/match/match.h"

namespace brownout::proxy {

// How a client came to a listener that intercepts.
enum class ArrivalKind {
  kDiverted,  // the kernel sent it here
  kStray,     // nobody sent it here, or nobody knows from where
  kOwnDial,   // this process itself, on its way to a server
};

class OwnDials;

class Interception {
 public:
  // Of this machine: its own conntrack, its own routes.
  Interception();
  // Of another network, where all comes by TPROXY whatever the listener says.
  Interception(std::shared_ptr<const Route> route, std::unique_ptr<RawDatagrams> raw);

  ~Interception();

  // Fill in the destination and its names, unless it is to be refused. `port` is where the listener
  // listens.
  ArrivalKind resolve_original_destination(rules::FlowFacts& flow, const Fd& accepted,
                                           rules::Intercept how, std::uint16_t port) const;
  bool resolve_datagram_destination(rules::FlowFacts& flow, const SocketAddress& client,
                                    const Fd& socket, const LocalAddress& local) const;
  // What answers datagrams that came by TPROXY; null: none do.
  const RawDatagrams* raw() const { return raw_.get(); }
  // The server of a flow whose destination was found.
  std::shared_ptr<UpstreamGroup> group_of(const rules::FlowFacts& flow, std::uint64_t seed,
                                          bool spoof_client) const;

  // Whether anybody will ask for names: reading every DNS answer has a price.
  void want_names(bool wanted) { names_wanted_.store(wanted, std::memory_order_relaxed); }
  bool names_wanted() const { return names_wanted_.load(std::memory_order_relaxed); }
  NameMemory& names() { return names_; }

 private:
  void fill(rules::FlowFacts& flow, const SocketAddress& destination) const;

  std::shared_ptr<OwnDials> own_dials_;   // null: they cannot come back
  std::shared_ptr<const Route> route_;    // null: the plain one
  std::unique_ptr<Conntrack> conntrack_;  // null: nothing is known of datagrams
  std::unique_ptr<RawDatagrams> raw_;
  bool own_network_ = false;
  NameMemory names_;
  std::atomic<bool> names_wanted_{false};
};

}  // namespace brownout::proxy
