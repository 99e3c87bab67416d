// TlsGate: how a client's connection that begins with TLS gets in. Its ClientHello is read, the
// rules of handshakes are asked, and, where TLS ends here, hands are shaken.
//
//   read_hello() -> meet_rules() -> (delay) -> begin() -> shake_hands() as often as bytes come
//
// Part of what owns the connection. Loop's thread only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proxy/flow/host.h"
#include "proxy/net/stream.h"
#include "rules/protocols/tls/codec/client_hello.h"

namespace brownout::proxy {

class TlsGate {
 public:
  enum class Step {
    kMore,    // bytes must come
    kOpen,    // it may be served
    kAlert,   // alert() goes out as it is, then FIN
    kStop,    // a rule lets nothing pass any more: how() says what becomes of the connection
    kFailed,  // of itself; the alert that says why has been written
  };

  // Whoever serves the connection finds it whole: a hello is only looked at, and one that is too
  // large to wait in the socket's buffer is given back. False when more must come. From then on
  // facts.hello is this gate's.
  bool read_hello(Host& host, Stream& stream, rules::FlowFacts& facts);
  // The client has asked for TLS inside the connection (STARTTLS), at this host. From then on it is
  // as if the connection began here.
  void asked_for(std::string host) { asked_ = std::move(host); }
  // How long the handshake waits.
  Duration meet_rules(Host& host, const rules::FlowFacts& facts);
  Step begin(Host& host, Stream& stream, const ListenerView& listener,
             const rules::FlowFacts& facts);
  Step shake_hands(Host& host, Stream& stream, const rules::FlowFacts& facts);

  std::string alert() const;
  rules::HowToStop how() const { return verdict_.how; }

 private:
  codecs::HelloReading look(Loop& loop, Stream& stream);

  std::vector<std::byte> taken_;  // of a large hello
  codecs::HelloReader reader_;    // which has read them
  std::optional<rules::ClientHello> hello_;
  std::optional<std::string> asked_;
  rules::TlsVerdict verdict_;
};

}  // namespace brownout::proxy
