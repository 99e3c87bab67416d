#include "proxy/flow/proxy_gate.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "proxy/intercept/interception.h"
#include "rules/schema/name_pattern.h"

namespace brownout::proxy {
namespace {

// Time that a lookup without an answer takes: two attempts of five seconds each, as by default in
// resolv.conf(5).
constexpr Duration kResolverGivesUp = std::chrono::seconds(10);
constexpr std::uint32_t kTtl = 60;

}  // namespace

ProxyGate::ProxyGate(Host& host, Owner& owner, const ListenerView& listener,
                     rules::FlowFacts& facts)
    : host_(host),
      owner_(owner),
      facts_(facts),
      request_({.username = listener.config.username, .password = listener.password}) {}

ProxyGate::~ProxyGate() { host_.loop().deadlines().cancel(*this); }

void ProxyGate::read(Stream& stream) {
  while (!asked_) {
    const auto buffer = host_.loop().read_buffer();
    const auto count =
        ::recv(stream.number(), buffer.data(), buffer.size(), MSG_PEEK | MSG_DONTWAIT);
    if (count <= 0) return;
    auto step = request_.feed(buffer.first(static_cast<std::size_t>(count)));
    if (step.state == codecs::ProxyRequest::State::kMore && step.taken == 0) return;
    // Reads only the client's request from the socket: the bytes behind it are for the server.
    [[maybe_unused]] const auto taken =
        ::recv(stream.number(), buffer.data(), step.taken, MSG_DONTWAIT);
    if (step.state == codecs::ProxyRequest::State::kRefused) {
      asked_ = true;
      return owner_.target_refused(std::move(step.reply));
    }
    if (!step.reply.empty()) stream.send(std::as_bytes(std::span(step.reply)));
    if (step.state != codecs::ProxyRequest::State::kMore) {
      forwards_ = step.state == codecs::ProxyRequest::State::kForward;
      return find(request_.target());
    }
  }
}

void ProxyGate::find(const Endpoint& target) {
  asked_ = true;
  target_ = target;
  facts_.intercepted = true;
  facts_.destination_port = target.port;
  if (const auto ip = target.ip()) {
    facts_.destination = *ip;
    facts_.names = host_.interception().names().names_of(*ip);
    return owner_.target_known({target});
  }
  const auto name = rules::canonical_name(target.host);
  facts_.names = std::make_shared<const std::vector<std::string>>(1, name);
  query_ = facts_;
  query_.carrier = rules::Carrier::kDns;
  query_.dns.question = rules::DnsQuestion{.name = name};
  query_.activity = nullptr;
  ask_rules();
}

void ProxyGate::ask_rules() {
  if (host_.rules().may_match(facts_.listener)) {
    plan_ = rules::QueryPlan(host_.rules(), query_);
    rules::QueryPlan::Notes notes;
    auto verdict = plan_.on_query(query_, notes);
    record(notes);
    delay_ = verdict.delay;
    if (verdict.silent) {
      delay_ = std::max(delay_, kResolverGivesUp);
      rules::DnsReply none;
      none.rcode = rules::Rcode::kServFail;
      return settle(std::move(none));
    }
    if (verdict.reply) return settle(std::move(*verdict.reply));
  }
  ticket_ =
      host_.resolver().resolve(target_.host, [this](const auto& answer) { resolved(answer); });
}

void ProxyGate::resolved(const Result<std::vector<IpAddress>>& answer) {
  rules::DnsReply reply;
  if (!answer) reply.rcode = rules::Rcode::kNxDomain;
  if (answer) {
    for (const auto& ip : *answer) {
      reply.answer.push_back(rules::address_record(query_.dns.question->name, ip, kTtl));
    }
  }
  settle(std::move(reply));
}

void ProxyGate::settle(rules::DnsReply reply) {
  reply_ = std::move(reply);
  if (!plan_.empty()) {
    rules::QueryPlan::Notes notes;
    plan_.on_reply(query_, reply_, Loop::now(), notes);
    record(notes);
  }
  if (delay_ <= Duration::zero()) return finish();
  host_.loop().deadlines().set(*this, rules::later(Loop::now(), delay_));
}

void ProxyGate::finish() {
  std::vector<Endpoint> servers;
  for (const auto& record : reply_.answer) {
    const auto ip = record.address();
    if (!ip) continue;
    if (servers.empty()) facts_.destination = *ip;
    servers.push_back({to_text(*ip), target_.port, ""});
  }
  if (!servers.empty() && reply_.rcode == rules::Rcode::kNoError) {
    return owner_.target_known(std::move(servers));
  }
  const auto why = reply_.rcode == rules::Rcode::kNoError ? "no address" : to_text(reply_.rcode);
  owner_.target_refused(
      request_.failed(codecs::ProxyRequest::Failure::kNoSuchHost, target_.host + ": DNS: " + why));
}

std::string ProxyGate::unreachable(std::string_view why) const {
  return request_.failed(codecs::ProxyRequest::Failure::kRefused,
                         to_text(target_) + ": " + std::string(why));
}

void ProxyGate::record(const rules::QueryPlan::Notes& notes) {
  for (const auto& [rule, note] : notes) {
    host_.record(query_, *rule, rules::Direction::kUpstream, note);
  }
}

}  // namespace brownout::proxy
