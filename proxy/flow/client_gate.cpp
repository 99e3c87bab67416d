// The part of ClientFlow that admits a client connection: PROXY header, target of a forward proxy,
// ClientHello, rules that act on arrival and on the TLS handshake, TLS handshake.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "proxy/flow/client_flow.h"
#include "rules/protocols/proxy/codec/proxy_protocol.h"
#include "rules/protocols/shown_name.h"
#include "rules/schema/name_pattern.h"

namespace brownout::proxy {

void ClientFlow::enter() {
  if (admitted_in_part_) return apply_rules();
  gate_ = Gate::kHeader;
  const auto& config = listener_->config;
  const bool speaks_first = config.proxy_protocol || config.protocol == rules::Protocol::kProxy ||
                            listener_->expects_hello();
  if (speaks_first) expect_client();
  if (!config.proxy_protocol) next_gate();
}

void ClientFlow::expect_client() {
  host_.loop().deadlines().set(*this,
                               rules::later(Loop::now(), listener_->config.handshake_timeout));
}

// Performs the next step of admission. Each step first reads bytes that have already arrived,
// because epoll does not report them again.
void ClientFlow::next_gate() {
  if (gate_ == Gate::kHeader && listener_->config.protocol == rules::Protocol::kProxy) {
    gate_ = Gate::kTarget;
    proxy_gate_ = std::make_unique<ProxyGate>(host_, static_cast<ProxyGate::Owner&>(*this),
                                              *listener_, facts_);
    return proxy_gate_->read(client());
  }
  if (gate_ != Gate::kHello && listener_->expects_hello()) {
    gate_ = Gate::kHello;
    return read_hello();
  }
  // An HTTP client always sends first, so its host name can be waited for. At other listeners, the
  // name is read when the client sends bytes.
  if (listener_->config.protocol.has_requests() && needs_shown_name()) {
    gate_ = Gate::kName;
    // No time limit: an HTTP client may connect long before its first request.
    host_.loop().deadlines().cancel(*this);
    if (!read_shown_name()) return;
  }
  apply_rules();
}

void ClientFlow::read_hello() {
  const auto read = tls_gate_.read_hello(host_, client(), facts_, !tunnel_open_);
  if (read) starting_tls_ ? apply_rules() : hello_known();
}

bool ClientFlow::needs_shown_name() const {
  if (name_shown_ || facts_.names == nullptr || facts_.hello != nullptr) return false;
  const bool named_to_proxy = proxy_gate_ && !proxy_gate_->target().ip();
  return !named_to_proxy && host_.rules().has_host_rules();
}

bool ClientFlow::read_shown_name() {
  const auto buffer = host_.loop().read_buffer().first(codecs::kMostShown);
  const auto count =
      ::recv(client().number(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
  const auto seen = buffer.first(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  auto shown = codecs::read_shown_name(seen);
  if (shown.more) return false;
  name_shown_ = true;
  if (!shown.name.empty()) {
    facts_.names =
        std::make_shared<const std::vector<std::string>>(1, rules::canonical_name(shown.name));
  }
  return true;
}

// Reads the PROXY header. Returns false if the connection has ended.
bool ClientFlow::read_header() {
  const auto buffer = host_.loop().read_buffer().first(codecs::kMostProxyHeader);
  const auto count =
      ::recv(client().number(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
  if (count <= 0) return true;
  const auto header = codecs::read_proxy_header(buffer.first(static_cast<std::size_t>(count)));
  if (header.state == codecs::ProxyHeader::State::kMore) return true;
  if (header.state == codecs::ProxyHeader::State::kBroken) {
    host_.report(
        facts_, "no PROXY header",
        "the connection does not begin with a PROXY header, and is reset (configure the client or "
        "load balancer to send one, or remove proxy_protocol from the [[listener]])");
    end(CloseMode::kReset);
    return false;
  }
  [[maybe_unused]] const auto taken =
      ::recv(client().number(), buffer.data(), header.length, MSG_DONTWAIT);
  if (header.client) {
    facts_.client = header.client;
    facts_.client_port = header.client_port;
  }
  next_gate();
  return true;
}

void ClientFlow::target_known(std::vector<Endpoint> servers) {
  group_ = UpstreamGroup::to(std::move(servers), host_.rules().seed(), nullptr);
  if (proxy_gate_->forwards()) {
    return hand_over({.listener = listener_, .group = group_, .target = proxy_gate_->target()});
  }
  if (may_be_decrypted()) return look_for_hello();
  if (listener_->expects_hello()) expect_client();
  next_gate();
}

void ClientFlow::find_target(const Endpoint& target) {
  // Destroys the previous ProxyGate later, since it may be the caller.
  if (proxy_gate_) host_.loop().retire(std::move(proxy_gate_));
  proxy_gate_ =
      std::make_unique<ProxyGate>(host_, static_cast<ProxyGate::Owner&>(*this), *listener_, facts_);
  proxy_gate_->find(target);
}

void ClientFlow::target_refused(std::string reply) {
  turns_.broke();
  listener_->stats->connect_failed.fetch_add(1, std::memory_order_relaxed);
  send_and_close(reply);
}

void ClientFlow::at_the_gate(std::uint32_t events) {
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (gate_ == Gate::kHandshake) {
    // Reads once more before ending the connection: a client that rejects the certificate sends an
    // alert and may reset at once, so the alert is still in the socket.
    const auto step = tls_gate_.shake_hands(host_, client(), facts_);
    if (broken && step == TlsGate::Step::kMore) return end(CloseMode::kReset);
    return tls_step(step);
  }
  if (broken) return end(CloseMode::kReset);
  if (gate_ == Gate::kHeader || gate_ == Gate::kTarget) {
    const auto before = gate_;
    if (before == Gate::kTarget) {
      proxy_gate_->read(client());
    } else if (!read_header()) {
      return;
    }
    // Ends a connection that the client closed before its header or request was complete.
    if (gate_ == before && (events & EPOLLRDHUP) != 0) end(CloseMode::kClose);
    return;
  }
  if (gate_ == Gate::kTunnel && (events & EPOLLIN) != 0) {
    client_speaks();
  } else if (gate_ == Gate::kHello) {
    read_hello();
  }
  if (gate_ == Gate::kHello && (events & EPOLLRDHUP) != 0) end(CloseMode::kClose);
  if (gate_ == Gate::kName && (read_shown_name() || (events & EPOLLRDHUP) != 0)) apply_rules();
}

void ClientFlow::enter_tls(std::string host) {
  starting_tls_ = true;
  tls_gate_.asked_for(std::move(host));
  gate_ = Gate::kHello;
  expect_client();
  read_hello();
}

void ClientFlow::apply_rules() {
  gate_ = Gate::kDelay;
  auto wait = starting_tls_ ? std::optional(Duration::zero()) : arrive();
  if (!wait) return;
  *wait = rules::sum(*wait, tls_gate_.apply_handshake_rules(host_, facts_));
  if (*wait <= Duration::zero()) return pass_delay();
  host_.loop().deadlines().set(*this, rules::later(Loop::now(), *wait));
}

// Applies the rules on new connections. Returns the delay before the connection is served. Returns
// nothing if a rule refused the connection, left it without an answer, or answered it.
std::optional<Duration> ClientFlow::arrive() {
  arrived_ = true;
  if (!host_.rules().may_match(facts_.listener)) return Duration::zero();
  auto arrival = rules::plan_arrival(host_.rules(), facts_);
  rules_ = std::move(arrival.rules);
  leases_ = std::move(arrival.admission.leases);
  for (const auto& [rule, note] : arrival.notes) {
    host_.record(facts_, *rule, rules::Direction::kUpstream, note);
  }
  if (!arrival.admission.serves()) turns_.broke();
  switch (arrival.admission.verdict) {
    case rules::Admission::Verdict::kRefuse:
      listener_->stats->refused.fetch_add(1, std::memory_order_relaxed);
      end(CloseMode::kReset);
      return std::nullopt;
    case rules::Admission::Verdict::kHang:
      hang();
      return std::nullopt;
    case rules::Admission::Verdict::kAnswer:
      // A plaintext answer is not possible at a listener that terminates TLS.
      if (listener_->tls) {
        end(CloseMode::kReset);
      } else {
        answer_when_asked(std::move(arrival.admission.answer));
      }
      return std::nullopt;
    case rules::Admission::Verdict::kServe:
      break;
  }
  return rules::sum(arrival.admission.accept_delay, arrival.admission.connect_delay);
}

bool ClientFlow::end_imposed_waits(const rules::RuleSet& set) {
  if (set.may_match(facts_.listener)) return false;
  const bool arriving = gate_ == Gate::kDelay;
  if (!hanging()) {
    if (arriving) {
      host_.loop().deadlines().cancel(*this);
      pass_delay();
    }
    return arriving;
  }
  gate_ = Gate::kOpen;
  leases_.clear();
  dial_leases_.clear();
  rules_.clear();
  // When the rule that kept the client waiting is gone, an idle client can still be served. A
  // client that has sent data or begun a handshake must be reset.
  const bool begun = opened_ || (!arriving && listener_->config.protocol.has_requests());
  if (obeyed_ || begun || listener_->tls) {
    end(CloseMode::kReset);
  } else {
    admitted();
  }
  return true;
}

void ClientFlow::gate_due() {
  if (gate_ == Gate::kDelay) return pass_delay();
  if (gate_ == Gate::kTunnel) return apply_rules();
  // Sets no time limit once the client's request is complete: the lookup of the server's name has
  // its own time-out.
  if (gate_ == Gate::kTarget && proxy_gate_->asked()) return;
  host_.report(facts_, "timeout",
               std::string(what_is_missing()) + " within handshake_timeout (" +
                   rules::to_text(listener_->config.handshake_timeout) + ")");
  end(CloseMode::kReset);
}

std::string_view ClientFlow::what_is_missing() const {
  switch (gate_) {
    case Gate::kHeader:
      return "no PROXY header from the client";
    case Gate::kTarget:
      return "no proxy request (SOCKS, CONNECT or HTTP) from the client";
    case Gate::kHello:
      return "no ClientHello from the client";
    case Gate::kOpen:
      return "the server did not finish its TLS handshake";
    default:
      return "the client did not finish its TLS handshake";
  }
}

void ClientFlow::pass_delay() {
  gate_ = Gate::kHandshake;
  if (listener_->tls) expect_client();
  tls_step(tls_gate_.begin(host_, client(), *listener_, facts_));
}

void ClientFlow::tls_step(TlsGate::Step step) {
  switch (step) {
    case TlsGate::Step::kMore:
      return;
    case TlsGate::Step::kOpen:
      gate_ = Gate::kOpen;
      if (listener_->decrypted()) secured_ = Loop::now();
      return admitted();
    case TlsGate::Step::kAlert:
      turns_.broke();
      return send_and_close(tls_gate_.alert());
    case TlsGate::Step::kStop:
      obey_stop();
      return;
    case TlsGate::Step::kRefused:
      certificate_refused("rejects the certificate that Brownout minted: " + client().tls().why());
      [[fallthrough]];
    case TlsGate::Step::kFailed:
      turns_.broke();
      return end(CloseMode::kLinger);
  }
}

bool ClientFlow::obey_stop() {
  if (std::exchange(obeyed_, true)) return false;
  turns_.broke();
  switch (tls_gate_.how()) {
    case rules::HowToStop::kClose:
      end(CloseMode::kLinger);
      break;
    case rules::HowToStop::kReset:
      end(CloseMode::kReset);
      break;
    case rules::HowToStop::kHang:
      hang();
      break;
  }
  return true;
}

}  // namespace brownout::proxy
