#include "proxy/flow/tls_gate.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "proxy/net/socket.h"
#include "rules/engine/plan.h"

namespace brownout::proxy {
namespace {

// Returns the address that the client connected to. A client without SNI gets a certificate for
// this address.
std::string local_address(const Fd& fd) {
  const auto ip = own_address(fd).ip();
  return ip ? to_text(*ip) : "localhost";
}

// An incomplete ClientHello of more bytes than this is read from the socket instead of only peeked
// at. It may exceed the socket's buffer, since a hostile client may send each byte in a TLS record
// of its own.
constexpr std::size_t kMostLeftInside = 4096;

}  // namespace

// Reads the ClientHello, or waits for more bytes. taken_ is bounded, since codecs::kMostHello
// limits the ClientHello, and each record has at least one byte of it.
codecs::HelloReading TlsGate::look(Loop& loop, Stream& stream) {
  const auto buffer = loop.read_buffer();
  const auto receive = [&](std::size_t most, int flags) {
    const auto count = ::recv(stream.number(), buffer.data(), most, flags | MSG_DONTWAIT);
    return buffer.first(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  };
  codecs::HelloReading reading;
  if (taken_.empty()) {
    const auto seen = receive(buffer.size(), MSG_PEEK);
    reading = codecs::read_client_hello(seen);
    if (reading.state != codecs::HelloState::kMore || seen.size() < kMostLeftInside) return reading;
  }
  while (reading.state == codecs::HelloState::kMore) {
    const auto bytes = receive(buffer.size(), 0);
    if (bytes.empty()) return reading;
    taken_.insert(taken_.end(), bytes.begin(), bytes.end());
    reading = reader_.feed(bytes);
  }
  stream.tls().give_back(std::exchange(taken_, {}));
  return reading;
}

bool TlsGate::read_hello(Host& host, Stream& stream, rules::FlowFacts& facts, bool must_be_tls) {
  auto reading = look(host.loop(), stream);
  if (reading.state == codecs::HelloState::kMore) return false;
  if (reading.state == codecs::HelloState::kHello) {
    hello_ = std::move(reading.hello);
    facts.hello = &*hello_;
  } else if (must_be_tls) {
    host.report(facts, "not TLS",
                "the connection does not begin with a TLS ClientHello (let the client use TLS, or "
                "set another protocol in the [[listener]])");
  }
  return true;
}

Duration TlsGate::apply_handshake_rules(Host& host, const rules::FlowFacts& facts) {
  if (!hello_ || !host.rules().may_match(facts.listener)) return {};
  auto handshake = rules::plan_handshake(host.rules(), facts);
  for (const auto& [rule, note] : handshake.notes) {
    host.record(facts, *rule, rules::Direction::kDownstream, note);
  }
  verdict_ = handshake.verdict;
  return verdict_.delay;
}

TlsGate::Step TlsGate::begin(Host& host, Stream& stream, const ListenerView& listener,
                             const rules::FlowFacts& facts) {
  if (verdict_.stop == rules::HandshakeStop::kClientHello) return Step::kStop;
  if (verdict_.alert) return Step::kAlert;
  if (verdict_.touches_records()) stream.tls().filter(codecs::RecordFilter(verdict_));
  if (!listener.tls || (listener.starts_tls() && !asked_)) return Step::kOpen;
  auto name = hello_ ? hello_->sni : std::string();
  if (name.empty()) name = asked_.value_or("");
  if (name.empty()) name = local_address(stream.fd());
  const bool no_fault = verdict_.flaw == rules::Flaw::kNone && !verdict_.most;
  decrypts_ = listener.decrypted() && no_fault && !verdict_.touches_records();
  stream.tls().start(listener.tls->session(name, verdict_), !verdict_.no_close_notify);
  return shake_hands(host, stream, facts);
}

TlsGate::Step TlsGate::shake_hands(Host& host, Stream& stream, const rules::FlowFacts& facts) {
  const auto progress = stream.tls().handshake();
  if (stream.stopped()) return Step::kStop;
  if (progress == tls::Progress::kAgain) return Step::kMore;
  if (progress == tls::Progress::kDone) return Step::kOpen;
  if (decrypts_ && stream.tls().certificate_refused()) return Step::kRefused;
  host.report(facts, "handshake failed",
              "with the client" + (facts.client ? " " + to_text(*facts.client) : "") + ": " +
                  stream.tls().why());
  return Step::kFailed;
}

// Encodes a fatal alert in plaintext (RFC 8446, section 6).
std::string TlsGate::alert() const {
  return {'\x15', '\x03', '\x03', '\0', '\x02', '\x02', static_cast<char>(verdict_.alert->code)};
}

}  // namespace brownout::proxy
