// ClientFlow: base class of the flows that serve one client connection. It applies the rules of new
// connections, terminates TLS with the client, and dials the server. Flow forwards bytes and
// messages, HttpFlow forwards requests.
//
//   accepted -> (PROXY header) -> (forward proxy's target) -> (ClientHello) -> rules -> (delay)
//   -> (TLS handshake) -> admitted()
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
  kClose,   // both directions have finished
  kReset,   // RST to both
  kLinger,  // FIN to both, then discard input, so that no RST overtakes the bytes sent
};

class ClientFlow : public Retirable,
                   protected Deadline,
                   protected Connector::Owner,
                   private ProxyGate::Owner {
 public:
  // Begins admission. Call once.
  virtual void start() = 0;
  // Call after the rules have changed.
  virtual void apply(const rules::RuleSet& set) = 0;
  virtual void end(CloseMode mode) = 0;

  FlowStatus status() const;

  const rules::FlowFacts& facts() const { return facts_; }
  const rules::Listener& listener() const { return listener_->config; }
  ListenerStats& stats() const { return *listener_->stats; }
  std::size_t index = 0;  // position in the worker's list of flows

 protected:
  ClientFlow(FlowHost& host, std::shared_ptr<const ListenerView> listener,
             std::shared_ptr<UpstreamGroup> group, rules::FlowFacts facts);

  // Admission: enter() begins it. Until admitted(), the derived flow forwards its client socket's
  // events to at_the_gate() and its deadline to gate_due().
  void enter();
  void at_the_gate(std::uint32_t events);
  // STARTTLS for this host: runs the TLS part of admission again, up to admitted().
  void enter_tls(std::string host);
  void gate_due();
  // Starts `handshake_timeout` for the client's next step.
  void expect_client();
  // Admission is complete; the flow may serve the client.
  virtual void admitted() = 0;
  virtual void hang() = 0;
  virtual bool hanging() const = 0;
  // If no rule applies to this listener any more (halt), ends the delay or hang that a rule
  // imposed. True if there was one.
  bool spared(const rules::RuleSet& set);
  // Waits for the client's request, sends `answer` instead of a server's answer, and closes.
  virtual void answer_when_asked(std::string answer) = 0;

  virtual Stream& client() = 0;
  virtual std::size_t held(rules::Direction direction) const = 0;
  // Updates the worker's sum of held bytes; call at the end of each turn.
  void count_held() {
    held_bytes_.set(held(rules::Direction::kUpstream) + held(rules::Direction::kDownstream));
  }
  // The request for which the server is dialled, for records. Rules match the connection.
  virtual const rules::HttpExchange* first_request() const { return nullptr; }
  // Names of the rules that act on the connection's messages.
  virtual std::vector<std::string> message_rules() const { return {}; }
  // Sends `bytes` past all rules, then FIN.
  virtual void send_and_close(std::string_view bytes) = 0;
  // A TLS fault has stopped the connection: closes, resets or hangs the connection, as the rule
  // requires. False if an earlier call did so.
  bool obey_stop();

  void dial();
  // Call once the connection to the server is established.
  void connected(const SocketAddress& server);
  rules::Admission admit(const SocketAddress& server) override;
  void on_handshake_failed(const SocketAddress& server, std::string_view why) override;
  // Reports why TLS failed on `stream`; nothing if TLS did not fail.
  void report_failed_tls(Stream& stream, std::string_view peer);
  void passed(rules::Direction direction, std::size_t bytes) {
    bytes_[static_cast<std::size_t>(direction)] += bytes;
    host_.count_bytes(stats(), direction, bytes);
  }
  std::string proxy_header(const SocketAddress& server) const override;
  // Counts and logs that no server could be reached. Returns the reply for the client of a forward
  // proxy; "" at other listeners.
  std::string log_unreachable(const Error& error) const;
  // Success reply for the client of a forward proxy; "" at other listeners.
  std::string connected_reply() const { return proxy_gate_ ? proxy_gate_->connected() : ""; }
  void leave();
  // Whether the rules of new connections have been applied.
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
  std::vector<std::shared_ptr<void>> dial_leases_;  // held for the server being dialled
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
