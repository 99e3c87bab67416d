// Connector: connects a flow to one server of an upstream group. It tries the servers in the
// group's order, and each address of a server's name, until a connection (with TLS, a handshake)
// succeeds. The group's time-out applies to each address. The lookup of the name counts toward the
// time-out of the first address.
//
// Owner::admit() decides whether an address may be dialled. An address that a rule refuses or
// leaves unanswered fails as a real server would. It is not marked as failed, since other flows may
// reach it.
//
// Owned by the flow; reports its result to the owner once, from the loop. Use only on the event
// loop's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proxy/loop/loop.h"
#include "proxy/net/resolver.h"
#include "proxy/net/socket.h"
#include "proxy/net/stream.h"
#include "proxy/net/upstream_group.h"
#include "rules/engine/admission.h"

namespace brownout::proxy {

// Returns the error of a connect to a server that failed with this errno, with a hint.
rules::Error connect_error(int error_number);
// Returns why datagrams to a server fail with this errno, with the hint of connect_error().
std::string datagram_error(int error_number);
// Returns the error of a TLS handshake with a server that failed for the reason `why`.
rules::Error server_handshake_error(const std::string& why);

class Connector final : public Retirable, private Ready, private Deadline {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    // Called with the open connection. Its descriptor is registered in the poller; the new owner
    // must replace the handler. `events` are the epoll events that reported the connect.
    virtual void on_connected(Stream stream, const SocketAddress& server, std::uint32_t events) = 0;
    virtual void on_connect_failed(const Error& error) = 0;
    // Called when the server accepted the connection, but the TLS handshake failed. The next
    // address is tried.
    virtual void on_handshake_failed(const SocketAddress& /*server*/, std::string_view /*why*/) {}
    // Returns the PROXY header to send ahead of all other bytes; "" for none.
    virtual std::string proxy_header(const SocketAddress& /*server*/) const { return {}; }
    // Returns an idle open connection to `server` that is already registered in the poller; null if
    // none is idle.
    virtual Stream idle_connection(const SocketAddress& /*server*/) { return {}; }
    // Whether the owner has taken a stream of a connection to `server` that several flows share.
    // Then on_connected() is called with a null stream.
    virtual bool takes_shared(const SocketAddress& /*server*/) { return false; }
    // Which versions of HTTP to offer to a server by ALPN.
    virtual tls::OfferedHttp offered_http() const { return tls::OfferedHttp::kNone; }
    // Decides by the rules whether this address may be dialled, and after which delay.
    virtual rules::Admission admit(const SocketAddress& server) = 0;
    // Called when a rule stopped the dial: it leaves the last address unanswered (kHang), or
    // answers in place of the server (kAnswer).
    virtual void on_connect_stopped(rules::Admission admission) = 0;
  };

  // `flow` and `ordinal` (from 1) identify the flow; they decide the order of the servers.
  Connector(Loop& loop, Resolver& resolver, std::shared_ptr<UpstreamGroup> group, Owner& owner,
            rules::Key flow, std::uint64_t ordinal);
  ~Connector() override;

  void start() { go_on(Step::kServer); }
  // Host of the server that is being dialled, or was dialled last.
  const std::string& host() const { return group_->server(order_[attempt_]).host; }
  // Stops connecting; no callback follows.
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
  std::size_t attempt_ = 0;  // index in order_ of the server being tried
  std::vector<SocketAddress> addresses_;
  std::size_t address_ = 0;
  Resolver::Ticket ticket_;
  Instant begun_{};  // time when the attempt at the current server began
  // duration of the name lookup, subtracted from the time-out of the first address
  Duration looked_up_{};
  Stream stream_;
  Step next_ = Step::kNone;
  bool stepping_ = false;
  enum class Wait { kNothing, kLookup, kDial, kSilence } wait_ = Wait::kNothing;
  bool handshaking_ = false;
  bool by_rule_ = false;  // a rule refused an address of the current server
};

}  // namespace brownout::proxy
