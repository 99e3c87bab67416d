// ClientFlow: what all flows of a client's connection share: its facts, the rules of new
// connections, TLS with the client, and the dialling of a server. Flow passes bytes, HttpFlow
// requests.
//
//   accepted -> (PROXY header) -> (proxy's target) -> (ClientHello) -> rules -> (delay) -> (TLS
//   handshake) -> admitted()
//
// Owned by its worker, which destroys it between turns. Loop's thread only.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "proxy/flow/host.h"
#include "proxy/flow/proxy_gate.h"
#include "proxy/flow/tls_gate.h"
#include "proxy/flow/turns.h"
#include "proxy/loop/loop.h"
#include "proxy/net/connector.h"
#include "proxy/net/linger.h"
#include "proxy/net/stream.h"
#include "rules/engine/plan.h"

namespace brownout::proxy {

class ClientFlow;

class FlowHost : public Host {
 public:
  virtual void flow_over(ClientFlow& flow) = 0;
};

// How the sockets of both ends are closed.
enum class CloseMode {
  kClose,   // both sockets are done with
  kReset,   // RST to both
  kLinger,  // FIN to both, then read what still comes, so that no RST overtakes what was sent
};

class ClientFlow : public Retirable,
                   protected Deadline,
                   protected Connector::Owner,
                   private ProxyGate::Owner {
 public:
  // Runs the connection-level faults and goes on from there.
  virtual void start() = 0;
  // The rules changed.
  virtual void apply(const rules::RuleSet& set) = 0;
  virtual void end(CloseMode mode) = 0;

  FlowStatus status() const;

  const rules::FlowFacts& facts() const { return facts_; }
  const rules::Listener& listener() const { return listener_->config; }
  ListenerStats& stats() const { return *listener_->stats; }
  std::size_t index = 0;  // in the worker's list

 protected:
  ClientFlow(FlowHost& host, std::shared_ptr<const ListenerView> listener,
             std::shared_ptr<UpstreamGroup> group, rules::FlowFacts facts);

  // What happens before a connection is admitted. enter() begins it; until then the flow passes on
  // what its client's socket says, and its deadline.
  void enter();
  void at_the_gate(std::uint32_t events);
  // The client has asked for TLS inside the connection, at this host: again to the gate, and
  // admitted().
  void enter_tls(std::string host);
  void gate_due();
  // The client has `handshake_timeout` for what it has to do now.
  void expect_client();
  // It may be served now.
  virtual void admitted() = 0;
  virtual void hang() = 0;
  virtual bool hanging() const = 0;
  // No rule means this listener any more (all are halted): what it waited for is over. True when
  // that was something.
  bool spared(const rules::RuleSet& set);
  // A server answers what it has been asked.
  virtual void answer_when_asked(std::string answer) = 0;

  virtual Stream& client() = 0;
  virtual std::size_t held(rules::Direction direction) const = 0;
  // At the end of each turn, for the sum.
  void count_held() {
    held_bytes_.set(held(rules::Direction::kUpstream) + held(rules::Direction::kDownstream));
  }
  // Those that act on its messages, by name.
  virtual std::vector<std::string> message_rules() const { return {}; }
  // What goes out as it is, then FIN.
  virtual void send_and_close(std::string_view bytes) = 0;
  // A fault lets nothing pass any more: what it says of the connection, once.
  bool obey_stop();

  void dial();
  // Of a server that is there now.
  void connected(const SocketAddress& server);
  rules::Admission admit(const SocketAddress& server) override;
  void on_handshake_failed(const SocketAddress& server, std::string_view why) override;
  // A connection has failed: where TLS did, that is said.
  void report_failed_tls(Stream& stream, std::string_view peer);
  void passed(rules::Direction direction, std::size_t bytes) {
    bytes_[static_cast<std::size_t>(direction)] += bytes;
    host_.count_bytes(stats(), direction, bytes);
  }
  std::string proxy_header(const SocketAddress& server) const override;
  // No server can be reached: what a proxy's client is told, or "".
  std::string log_unreachable(const Error& error) const;
  // What a proxy's client is told when there is a server, or "".
  std::string connected_reply() const { return proxy_gate_ ? proxy_gate_->connected() : ""; }
  void leave();
  // Whether the rules of new connections have been asked.
  bool arrived() const { return arrived_; }

 private:
  enum class Gate { kHeader, kTarget, kHello, kDelay, kHandshake, kOpen };
  void next_gate();
  bool read_header();
  // ProxyGate::Owner
  void target_known(std::vector<Endpoint> servers) override;
  void target_refused(std::string reply) override;
  void meet_rules();
  std::optional<Duration> arrive();
  void pass_delay();
  std::string_view what_is_missing() const;
  void tls_step(TlsGate::Step step);

 protected:
  FlowHost& host_;
  std::shared_ptr<const ListenerView> listener_;
  std::shared_ptr<UpstreamGroup> group_;
  rules::FlowFacts facts_;
  std::vector<rules::RuleRef> rules_;
  std::vector<std::shared_ptr<void>> leases_;
  std::vector<std::shared_ptr<void>> dial_leases_;  // of the server that is dialled
  rules::FlowActivity activity_;
  Turns turns_;
  std::unique_ptr<Connector> connector_;

 private:
  std::array<std::uint64_t, 2> bytes_{};
  HeldBytes held_bytes_{host_.held_bytes()};
  bool arrived_ = false;
  bool opened_ = false;
  bool starting_tls_ = false;
  Gate gate_ = Gate::kOpen;
  TlsGate tls_gate_;
  std::unique_ptr<ProxyGate> proxy_gate_;
  bool obeyed_ = false;
};

}  // namespace brownout::proxy
