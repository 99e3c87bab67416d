// What happens to a client's connection before it is served: its ClientHello, the rules of new
// connections and of handshakes, and the TLS handshake.
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "proxy/codecs/client_hello.h"
#include "proxy/net/client_flow.h"

namespace brownout::proxy {
namespace {

// The address that the client has connected to, for those that name no host.
std::string local_address(const Fd& fd) {
  SocketAddress address;
  address.length = sizeof address.storage;
  if (::getsockname(fd.get(), address.get(), &address.length) != 0) return "localhost";
  const auto ip = address.ip();
  return ip ? to_text(*ip) : "localhost";
}

// RFC 8446, 6: a fatal alert, in the clear.
std::string alert_record(rules::TlsAlert alert) {
  return {'\x15', '\x03', '\x03', '\0', '\x02', '\x02', static_cast<char>(alert.code)};
}

}  // namespace

void ClientFlow::enter() {
  if (!listener_->expects_hello()) return meet_rules();
  gate_ = Gate::kHello;
}

void ClientFlow::at_the_gate(std::uint32_t events) {
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) return end(How::kReset);
  if (gate_ == Gate::kHello && read_hello()) return meet_rules();
  if (gate_ == Gate::kHello && (events & EPOLLRDHUP) != 0) return end(How::kClose);
  if (gate_ == Gate::kHandshake) shake_hands();
}

// Looks without taking, so that whoever serves the connection finds it whole. False when more must
// come.
bool ClientFlow::read_hello() {
  const auto buffer = host_.loop().read_buffer();
  const auto count = ::recv(client().number(), buffer.data(), buffer.size(), MSG_PEEK);
  if (count <= 0) return false;
  auto reading = codecs::read_client_hello(buffer.first(static_cast<std::size_t>(count)));
  if (reading.state == codecs::HelloState::kMore) return false;
  if (reading.state == codecs::HelloState::kHello) {
    hello_ = std::move(reading.hello);
    facts_.hello = &*hello_;
  } else {
    host_.report(facts_, "not TLS", "the connection does not begin with a ClientHello");
  }
  return true;
}

void ClientFlow::meet_rules() {
  gate_ = Gate::kDelay;
  auto wait = arrive();
  if (!wait) return;
  *wait += shake();
  if (*wait <= Duration::zero()) return pass_delay();
  host_.loop().deadlines().set(*this, rules::later(Loop::now(), *wait));
}

// What the rules say to a new connection: how long it waits, or nothing when that is decided.
std::optional<Duration> ClientFlow::arrive() {
  if (!host_.rules().may_match(facts_.listener)) return Duration::zero();
  auto arrival = rules::plan_arrival(host_.rules(), facts_);
  rules_ = std::move(arrival.rules);
  leases_ = std::move(arrival.admission.leases);
  for (const auto& [rule, note] : arrival.notes) {
    host_.record(facts_, *rule, rules::Direction::kUpstream, note);
  }
  switch (arrival.admission.verdict) {
    case rules::Admission::Verdict::kRefuse:
      listener_->stats->refused.fetch_add(1, std::memory_order_relaxed);
      end(How::kReset);
      return std::nullopt;
    case rules::Admission::Verdict::kHang:
      hang();
      return std::nullopt;
    case rules::Admission::Verdict::kAnswer:
      // Nobody would understand it in the middle of a handshake.
      if (listener_->tls) {
        end(How::kReset);
      } else {
        answer_when_asked(std::move(arrival.admission.answer));
      }
      return std::nullopt;
    case rules::Admission::Verdict::kServe:
      break;
  }
  return arrival.admission.accept_delay + arrival.admission.connect_delay;
}

// What they say to its handshake.
Duration ClientFlow::shake() {
  if (!hello_ || !host_.rules().may_match(facts_.listener)) return {};
  auto handshake = rules::plan_handshake(host_.rules(), facts_);
  for (const auto& [rule, note] : handshake.notes) {
    host_.record(facts_, *rule, rules::Direction::kDownstream, note);
  }
  tls_verdict_ = handshake.verdict;
  return tls_verdict_.delay;
}

void ClientFlow::gate_due() {
  if (gate_ == Gate::kDelay) pass_delay();
}

void ClientFlow::pass_delay() {
  if (tls_verdict_.stop == rules::HandshakeStop::kClientHello) {
    obey_stop();
    return;
  }
  if (tls_verdict_.alert) return send_and_close(alert_record(*tls_verdict_.alert));
  if (tls_verdict_.touches_records()) client().tls().filter(codecs::RecordFilter(tls_verdict_));
  if (!listener_->tls) {
    gate_ = Gate::kOpen;
    return admitted();
  }
  const auto name = hello_ && !hello_->sni.empty() ? hello_->sni : local_address(client().fd());
  client().tls().start(listener_->tls->session(name, tls_verdict_), !tls_verdict_.no_close_notify);
  gate_ = Gate::kHandshake;
  shake_hands();
}

void ClientFlow::shake_hands() {
  const auto progress = client().tls().handshake();
  if (client().stopped()) {
    obey_stop();
    return;
  }
  switch (progress) {
    case tls::Progress::kAgain:
      return;
    case tls::Progress::kFailed:
      // The alert that says why has been written.
      host_.report(facts_, "handshake failed", client().tls().why());
      return end(How::kLinger);
    case tls::Progress::kDone:
      gate_ = Gate::kOpen;
      admitted();
  }
}

bool ClientFlow::obey_stop() {
  if (std::exchange(obeyed_, true)) return false;
  switch (tls_verdict_.how) {
    case rules::HowToStop::kClose:
      end(How::kLinger);
      break;
    case rules::HowToStop::kReset:
      end(How::kReset);
      break;
    case rules::HowToStop::kHang:
      hang();
      break;
  }
  return true;
}

}  // namespace brownout::proxy
