// ClientFlow: base class of the flows that serve one client connection. It applies the rules
// that act when a connection arrives, terminates TLS with the client, and dials the server. Flow
// forwards bytes and messages, HttpFlow forwards requests.
//
//   accepted -> (PROXY header) -> (forward proxy's target) -> (ClientHello) -> (Host) -> rules
//   -> (delay) -> (TLS handshake) -> admitted()
//
// Owned by its worker (proxy/engine/worker.h), which destroys it between iterations of the event
// loop. Use only on the event loop's thread.
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

// HandOver is the client connection with which a flow begins. If another flow has already run the
// first steps of admission, `target` or `tls` is set.
struct HandOver {
  std::shared_ptr<const ListenerView> listener;
  std::shared_ptr<UpstreamGroup> group;
  Stream client = {};
  rules::FlowFacts facts = {};
  // Set if the client of a forward proxy sends HTTP requests with absolute URLs: the server of the
  // first request. `group` has the addresses of this server.
  std::optional<Endpoint> target = {};
  // Set if the client's TLS is to be intercepted: its ClientHello.
  std::optional<TlsGate> tls = {};

  bool admitted_in_part() const { return target || tls; }
};

class FlowHost : public Host {
 public:
  // Called when the flow has ended; the host destroys it after the events of this
  // iteration of the event loop.
  virtual void flow_over(ClientFlow& flow) = 0;
  // Serves the client of a flow that has just ended.
  virtual void take_over(HandOver client) = 0;
};

// How the sockets to client and server are closed.
enum class CloseMode {
  kClose,   // both directions of the connection have finished
  kReset,   // send RST to both peers
  kLinger,  // send FIN to both peers, then discard input, so that no RST overtakes the bytes sent
};

class ClientFlow : public Retirable,
                   protected Deadline,
                   protected Connector::Owner,
                   private ProxyGate::Owner {
 public:
  // Begins admission: PROXY header, rules, TLS handshake, as listed at the top of this file. Call
  // once.
  virtual void start() = 0;
  // Applies new rules to this connection.
  virtual void apply(const rules::RuleSet& set) = 0;
  // The addresses that clients are told for servers have changed, or may have.
  virtual void set_rewrite(const rules::AddressMap& /*map*/) {}
  // Asks the client to close the connection, if its protocol can express it. Called before the
  // proxy ends.
  virtual void drain() {}
  // Ends the flow and closes its sockets.
  virtual void end(CloseMode mode) = 0;

  FlowStatus status() const;

  const rules::FlowFacts& facts() const { return facts_; }
  const rules::Listener& listener() const { return listener_->config; }
  ListenerStats& stats() const { return *listener_->stats; }
  std::size_t index = 0;  // position of this object in the worker's list of flows

 protected:
  // Moves the members of `from`, except for `client` and `target`, which the derived class takes.
  ClientFlow(FlowHost& host, HandOver& from, rules::Protocol protocol);

  // Begins admission, or continues that of an earlier flow. Admission ends with a call of
  // admitted(). Until then, the derived class must pass events of the client's socket to
  // at_the_gate(), and call gate_due() at the flow's deadline.
  void enter();
  // Continues admission with the rules that act when a connection arrives. For a client of a
  // forward proxy whose target is known.
  void apply_rules();
  // Continues admission after `events` of the client's socket (epoll).
  void at_the_gate(std::uint32_t events);
  // Begins the client's TLS handshake inside the connection (STARTTLS), for the host that the
  // client named. Runs the TLS steps of admission again, up to admitted().
  void enter_tls(std::string host);
  // Continues or fails admission at the flow's deadline.
  void gate_due();
  // Starts the listener's `handshake_timeout`, within which the client must complete its next step.
  void expect_client();
  // Called when admission is complete; the flow may serve the client.
  virtual void admitted() = 0;
  // Keeps the client connected but unanswered, because a rule demands it. hanging() returns whether
  // the flow is in this state.
  virtual void hang() = 0;
  virtual bool hanging() const = 0;
  // If no rule applies to this listener any more, ends the delay or silence that a rule imposed.
  // Returns whether there was a delay or silence to end.
  bool end_imposed_waits(const rules::RuleSet& set);
  // Waits for the client's request, sends `answer` instead of a server's answer, and closes.
  virtual void answer_when_asked(std::string answer) = 0;

  virtual Stream& client() = 0;
  // Returns the number of bytes that faults hold, or that are not sent yet.
  virtual std::size_t held(rules::Direction direction) const = 0;
  // Updates the worker's sum of held bytes. Call at the end of each iteration of the event loop.
  void count_held() {
    held_bytes_.set(held(rules::Direction::kUpstream) + held(rules::Direction::kDownstream));
  }
  // Returns the request for which the server is dialled, for the event log; null if requests are
  // not parsed. Rules on the dial match the connection, not the request.
  virtual const rules::HttpExchange* first_request() const { return nullptr; }
  // Names of the rules that act on the connection's messages.
  virtual std::vector<std::string> message_rules() const { return {}; }
  // Sends `bytes` to the client without applying rules, then FIN.
  virtual void send_and_close(std::string_view bytes) = 0;
  // Closes, resets or hangs the connection after a TLS fault has stopped it. Returns false if an
  // earlier call has done so.
  bool obey_stop();

  void dial();
  // Records the server, and notifies the Host (host.h). The derived class must call it when the
  // connection to the server is established.
  void connected(const SocketAddress& server);
  rules::Admission admit(const SocketAddress& server) override;
  // Applies the rules on a dial to facts.destination, for a request or, if null, for the
  // connection.
  rules::Admission admit_dial(rules::FlowFacts& facts, const rules::HttpExchange* request);
  void on_handshake_failed(const SocketAddress& server, std::string_view why) override;
  // Recognizes a client that closed the connection right after the TLS handshake because it rejects
  // the proxy's certificate. If so, reports that and returns true.
  bool refused_late();
  // Call when the client has sent bytes of its protocol after the TLS handshake.
  void client_sent() {
    if (secured_) certificate_accepted();
  }
  // Logs why TLS failed on `stream`. Does nothing if TLS did not fail.
  void report_failed_tls(Stream& stream, std::string_view peer);
  // Counts bytes that were read from the sender of this direction.
  void passed(rules::Direction direction, std::size_t bytes) {
    bytes_[static_cast<std::size_t>(direction)] += bytes;
    host_.count_bytes(stats(), direction, bytes);
  }
  std::string proxy_header(const SocketAddress& server) const override;
  // Counts and logs that no server could be reached. Returns the error reply for the client of a
  // forward proxy; "" at other listeners.
  std::string log_unreachable(const Error& error) const;
  // Returns the success reply for the client of a forward proxy; "" at other listeners.
  std::string connected_reply() const {
    return proxy_gate_ && !tunnel_open_ ? proxy_gate_->connected() : "";
  }
  void leave();
  // ProxyGate::Owner
  void target_known(std::vector<Endpoint> servers) override;
  void target_refused(std::string reply) override;
  // Resolves the server of a later request, when a forward proxy's client names another server.
  void find_target(const Endpoint& target);
  // Whether the rules that act when a connection arrives have been applied to this connection.
  bool arrived() const { return arrived_; }
  // Whether rules need the host name in the client's first bytes (SNI or Host). The names that DNS
  // gave for the server's address may belong to other servers at the same address.
  bool needs_shown_name() const;
  // Reads this host name into facts_. Returns false if more bytes are needed.
  bool read_shown_name();

 private:
  enum class Gate { kHeader, kTarget, kTunnel, kHello, kName, kDelay, kHandshake, kOpen };
  void next_gate();
  bool read_header();
  void read_hello();
  void hand_over(HandOver next);
  std::string host_meant() const;
  bool may_be_decrypted() const;
  void look_for_hello();
  void client_speaks();
  void hello_known();
  bool find_broker();
  bool is_decrypted();
  void certificate_refused(const std::string& how);
  void certificate_accepted();
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
  // While this flow holds these objects, rules on the dial count it as an open connection.
  std::vector<std::shared_ptr<void>> dial_leases_;
  rules::FlowActivity activity_;
  Turns turns_;
  std::unique_ptr<Connector> connector_;

 private:
  std::array<std::uint64_t, 2> bytes_{};
  HeldBytes held_bytes_{host_.held_bytes()};
  bool arrived_ = false;
  bool opened_ = false;
  bool starting_tls_ = false;
  bool admitted_in_part_ = false;  // an earlier flow ran the first steps of admission
  // Whether the client of a forward proxy has got the reply that its server is connected.
  bool tunnel_open_ = false;
  std::optional<Instant> secured_;  // time when the handshake of a decrypted client was complete
  bool name_shown_ = false;         // whether the client's first bytes were searched for a name
  Gate gate_ = Gate::kOpen;
  TlsGate tls_gate_;
  std::unique_ptr<ProxyGate> proxy_gate_;
  bool obeyed_ = false;
};

}  // namespace brownout::proxy
