// Dials one of a group's servers: in the group's order, each name resolved to its addresses, each
// address with the group's time-out, until one answers; with TLS, until a handshake has succeeded.
// The time that a name's lookup takes is part of that of its first address.
//
// Each address is asked for first (Owner::admit): what a rule refuses or leaves unanswered fails as
// a real server would, but is not marked as failed, since others may reach it.
//
// Owned by the flow; calls its owner once, from the loop. Loop's thread only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "proxy/loop/loop.h"
#include "proxy/net/resolver.h"
#include "proxy/net/socket.h"
#include "proxy/net/stream.h"
#include "proxy/net/upstream_group.h"
#include "rules/engine/admission.h"

namespace brownout::proxy {

class Connector final : public Retirable, private Ready, private Deadline {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // The descriptor is in the poller; the new owner replaces its handler. `events` came with the
    // connect.
    virtual void on_connected(Stream stream, const SocketAddress& server, std::uint32_t events) = 0;
    virtual void on_connect_failed(const Error& error) = 0;
    // One of the servers could be reached, but not by TLS; the next is tried.
    virtual void on_handshake_failed(const SocketAddress& /*server*/, std::string_view /*why*/) {}
    // What it is told ahead of everything else, or "".
    virtual std::string proxy_header(const SocketAddress& /*server*/) const { return {}; }
    // A connection to it that is open and in the poller already, if there is one.
    virtual Stream idle_connection(const SocketAddress& /*server*/) { return {}; }
    // Whether this server may be dialled, and when.
    virtual rules::Admission admit(const SocketAddress& server) = 0;
    // By a rule: the last that could be dialled would never answer (kHang), or a server was found
    // that only has this to say (kAnswer).
    virtual void on_connect_stopped(rules::Admission admission) = 0;
  };

  Connector(Loop& loop, Resolver& resolver, std::shared_ptr<UpstreamGroup> group, Owner& owner,
            rules::Key flow, std::uint64_t ordinal);
  ~Connector() override;

  void start() { go_on(Step::kServer); }
  // Of the server that is dialled, or was.
  const std::string& host() const { return group_->server(order_[attempt_]).host; }
  // The owner is gone, or wants no server any more: nothing is called back from now on.
  void cancel();

 private:
  enum class Step { kNone, kServer, kAddress };
  void go_on(Step step);
  void try_server();
  void resolved(const Resolver::Answer& answer);
  void try_address();
  void dial_address();
  bool last_chance() const {
    return attempt_ + 1 == order_.size() && address_ + 1 == addresses_.size();
  }
  void address_failed(const Error& error);
  void server_failed(const Error& error, bool mark = true);
  void connected(std::uint32_t events);
  void shake_hands(std::uint32_t events);
  void succeed(std::uint32_t events);
  void drop_attempt();
  void on_ready(std::uint32_t events) noexcept override;
  void on_due(Instant now) noexcept override;

  Loop& loop_;
  Resolver& resolver_;
  std::shared_ptr<UpstreamGroup> group_;
  Owner& owner_;
  std::vector<std::size_t> order_;
  std::size_t attempt_ = 0;  // in order_
  std::vector<SocketAddress> addresses_;
  std::size_t address_ = 0;
  Resolver::Ticket ticket_;
  Instant begun_{};       // with this server
  Duration looked_up_{};  // how long its name took, until its first dial counts that in
  Stream stream_;
  Step next_ = Step::kNone;
  bool stepping_ = false;
  enum class Wait { kNothing, kLookup, kDial, kSilence } wait_ = Wait::kNothing;
  bool handshaking_ = false;
  bool by_rule_ = false;  // a rule stopped an address of this server
};

}  // namespace brownout::proxy
