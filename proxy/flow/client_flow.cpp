#include "proxy/flow/client_flow.h"

#include "proxy/loop/limited_log.h"
#include "rules/base/describe.h"
#include "rules/protocols/proxy/codec/proxy_protocol.h"

namespace brownout::proxy {

ClientFlow::ClientFlow(FlowHost& host, HandOver& from, rules::Protocol protocol)
    : host_(host),
      listener_(std::move(from.listener)),
      group_(std::move(from.group)),
      facts_(std::move(from.facts)),
      turns_(host_, facts_, protocol),
      admitted_in_part_(from.admitted_in_part()) {
  if (from.tls) tls_gate_ = std::move(*from.tls);
  facts_.hello = tls_gate_.hello();
  facts_.activity = &activity_;
  activity_.last = facts_.opened;
}

void ClientFlow::dial() {
  connector_ = std::make_unique<Connector>(host_.loop(), host_.resolver(), group_,
                                           static_cast<Connector::Owner&>(*this), facts_.key(),
                                           facts_.ordinal);
  connector_->start();
}

rules::Admission ClientFlow::admit(const SocketAddress& server) {
  if (!host_.rules().may_match(facts_.listener)) return {};
  facts_.destination = server.ip();
  facts_.destination_port = server.port();
  auto admission = admit_dial(facts_, first_request());
  dial_leases_ = std::move(admission.leases);
  return admission;
}

rules::Admission ClientFlow::admit_dial(rules::FlowFacts& facts,
                                        const rules::HttpExchange* request) {
  if (!host_.rules().may_act_on_dial(facts.listener)) return {};
  auto arrival = rules::plan_dial(host_.rules(), facts, Loop::now());
  facts.http = request;
  for (const auto& [rule, note] : arrival.notes) {
    host_.record(facts, *rule, rules::Direction::kUpstream, note);
  }
  if (!arrival.admission.serves()) {
    listener_->stats->refused.fetch_add(1, std::memory_order_relaxed);
    host_.dial_stopped(facts);
  }
  facts.http = nullptr;
  return std::move(arrival.admission);
}

void ClientFlow::on_handshake_failed(const SocketAddress& server, std::string_view why) {
  const auto ip = server.ip();
  const auto where = ip ? to_text(Endpoint{to_text(*ip), server.port(), ""}) : "";
  host_.report(facts_, "handshake failed",
               "with the server" + (where.empty() ? "" : " " + where) + ": " + std::string(why),
               listener_->decrypted());
}

void ClientFlow::report_failed_tls(Stream& stream, std::string_view peer) {
  const auto why = stream.why_failed();
  if (!why.empty()) host_.report(facts_, "TLS failed", "with " + std::string(peer) + ": " + why);
}

void ClientFlow::connected(const SocketAddress& server) {
  host_.loop().retire(std::move(connector_));
  facts_.destination = server.ip();
  facts_.destination_port = server.port();
  facts_.http = first_request();
  host_.flow_opened(facts_);
  facts_.http = nullptr;
  opened_ = true;
  if (host_.rules().may_match(facts_.listener)) {
    rules::plan_server(host_.rules(), facts_, rules_);
  }
}

std::string ClientFlow::proxy_header(const SocketAddress& server) const {
  const auto version = group_->config().send_proxy_protocol;
  if (version == rules::ProxyHeaderVersion::kNone) return {};
  return codecs::write_proxy_header(version == rules::ProxyHeaderVersion::kV1 ? 1 : 2,
                                    facts_.client, facts_.client_port, server.ip(), server.port());
}

std::string ClientFlow::log_unreachable(const Error& error) const {
  listener_->stats->connect_failed.fetch_add(1, std::memory_order_relaxed);
  log_limited(spdlog::level::debug, facts_.listener + ": no server could be reached",
              "{}#{}: no server of upstream {} could be reached: {}", facts_.listener,
              facts_.ordinal, group_->config().name, describe(error));
  return proxy_gate_ && !tunnel_open_ ? proxy_gate_->unreachable(error.what) : "";
}

FlowStatus ClientFlow::status() const {
  auto status = status_of(facts_, rules_);
  for (auto& name : message_rules()) status.rules.push_back(std::move(name));
  status.bytes = bytes_;
  status.held = {held(rules::Direction::kUpstream), held(rules::Direction::kDownstream)};
  return status;
}

void ClientFlow::leave() {
  turns_.over();
  host_.loop().deadlines().cancel(*this);
  if (connector_) {
    // Destroys the connector later, since an epoll event of this loop iteration may still reach it.
    connector_->cancel();
    host_.loop().retire(std::move(connector_));
  }
  if (opened_) host_.flow_closed(facts_);
  host_.flow_over(*this);
}

}  // namespace brownout::proxy
