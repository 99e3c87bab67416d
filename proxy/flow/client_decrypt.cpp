// The part of ClientFlow that decides whether a client's TLS is decrypted. A client whose TLS is
// decrypted is handed over to another flow, whose listener view terminates TLS and has the inner
// protocol.
#include <sys/socket.h>

#include <utility>

#include "proxy/flow/client_flow.h"
#include "proxy/flow/decryption.h"
#include "proxy/flow/refused_certificates.h"
#include "rules/base/diagnostics.h"
#include "rules/engine/plan_tls.h"

namespace brownout::proxy {
namespace {

// Time in which the client of a forward proxy must send its ClientHello. If no byte arrives until
// then, its protocol is assumed to be one in which the server sends first.
constexpr Duration kClientSpeaksFirst = std::chrono::seconds(1);

// A client that closes its connection this soon after the handshake, without a request, has
// probably rejected the certificate. Some programs verify it only after the handshake, and send no
// alert.
constexpr Duration kRefusesWithin = std::chrono::seconds(1);
constexpr const char* kEnded = "ended the connection right after the handshake, without a request";
constexpr const char* kTrustIt =
    "; let the client trust Brownout's CA, or, if it accepts only the server's own certificate, "
    "write tls_failure = \"pass\" in the [[listener]]";

}  // namespace

// Returns the host to which the client wants to connect: its SNI, else the host or address of its
// original destination.
std::string ClientFlow::host_meant() const {
  if (listener_->decrypted()) return group_->tls_name(0);
  if (facts_.hello != nullptr && !facts_.hello->sni.empty()) return facts_.hello->sni;
  if (proxy_gate_) return proxy_gate_->target().host;
  return facts_.destination ? to_text(*facts_.destination) : "";
}

bool ClientFlow::may_be_decrypted() const {
  const auto* how = listener_->decryption.get();
  return how != nullptr && host_.rules().may_match(facts_.listener) &&
         rules::may_decrypt(host_.rules(), facts_, how->inside->config.protocol);
}

// Answers the client of a forward proxy before its server is dialled, since only then does the
// client send its ClientHello.
void ClientFlow::look_for_hello() {
  gate_ = Gate::kTunnel;
  tunnel_open_ = true;
  const auto reply = proxy_gate_->connected();
  client().send(std::as_bytes(std::span(reply)));
  host_.loop().deadlines().set(*this, rules::later(Loop::now(), kClientSpeaksFirst));
  // The ClientHello may already have arrived together with the request; epoll does not report it
  // again.
  std::byte first{};
  if (::recv(client().number(), &first, 1, MSG_PEEK | MSG_DONTWAIT) > 0) client_speaks();
}

void ClientFlow::client_speaks() {
  gate_ = Gate::kHello;
  expect_client();
  read_hello();
}

void ClientFlow::hello_known() {
  if (!is_decrypted()) return find_broker() ? apply_rules() : end(CloseMode::kReset);
  const auto& how = *listener_->decryption;
  auto name = host_meant();
  auto tls = std::move(tls_gate_);
  tls.asked_for(name);
  hand_over({.listener = how.inside,
             .group = UpstreamGroup::over_tls(*group_, how.servers, std::move(name)),
             .tls = std::move(tls)});
}

// At a listener that follows brokers by name, finds the broker that the client's SNI names. Returns
// false if this broker was not announced. All other clients get a server of the listener's
// upstream.
bool ClientFlow::find_broker() {
  const auto& followed = listener_->config.rewrite.followed();
  if (facts_.hello == nullptr) return true;
  const auto node = followed.node_of(facts_.hello->sni);
  if (!node) return true;
  const auto broker = followed.server_of(*node);
  if (!broker) {
    host_.report(facts_, "unknown broker",
                 rules::in_quotes(facts_.hello->sni) + ": no broker " + std::to_string(*node) +
                     " was announced through this listener, so the connection is reset (a client "
                     "that connects to bootstrap.servers again learns which there are)");
    return false;
  }
  facts_.node = node;
  group_ = UpstreamGroup::only(*group_, broker->address);
  return true;
}

bool ClientFlow::is_decrypted() {
  const auto* how = listener_->decryption.get();
  if (how == nullptr || facts_.hello == nullptr) return false;
  if (!host_.rules().may_match(facts_.listener)) return false;
  const auto plan = rules::plan_tls(host_.rules(), facts_, how->inside->config.protocol);
  if (plan.rule && plan.foreign) {
    host_.report(facts_, "not decrypted", host_meant() + " " + rules::to_text(plan));
  }
  if (!plan.decrypts()) return false;
  const bool may_pass = listener_->config.tls_failure == rules::TlsFailure::kPass;
  return !may_pass || !listener_->refused->has(facts_.client, host_meant());
}

// Ends this flow. Another flow takes over the client, and continues its admission.
void ClientFlow::hand_over(HandOver next) {
  auto& host = host_;
  next.facts = facts_;
  // Removes the descriptor from epoll. The other flow adds it again, and so gets an event for bytes
  // that have already arrived.
  host_.loop().poller().remove(client().number());
  next.client = std::move(client());
  end(CloseMode::kClose);
  host.take_over(std::move(next));
}

void ClientFlow::certificate_refused(const std::string& how) {
  const auto host = host_meant();
  const bool passes = listener_->config.tls_failure == rules::TlsFailure::kPass;
  if (passes) listener_->refused->add(facts_.client, host);
  const auto advice = passes ? "; the next connections of this client to this host pass through "
                               "encrypted (tls_failure = \"pass\")"
                             : kTrustIt;
  host_.report(facts_, RefusedCertificates::kEvent,
               rules::in_quotes(host) + ": the client " + how + advice, true);
}

void ClientFlow::certificate_accepted() {
  secured_.reset();
  listener_->refused->accept(facts_.client, host_meant());
}

bool ClientFlow::refused_late() {
  const auto secured = std::exchange(secured_, std::nullopt);
  if (!secured || Loop::now() - *secured > kRefusesWithin) return false;
  const auto host = host_meant();
  RefusedCertificates::Doubt doubt{facts_,
                                   rules::in_quotes(host) + ": the client " + kEnded + kTrustIt};
  doubt.flow.activity = nullptr;
  doubt.flow.hello = nullptr;
  if (!listener_->refused->unused(host, std::move(doubt))) return false;
  certificate_refused(kEnded);
  return true;
}

}  // namespace brownout::proxy
