// TlsGate: admits a client connection that begins with TLS. It reads the ClientHello, applies the
// rules on handshakes and, at a listener that terminates TLS, runs the handshake.
//
//  read_hello() -> apply_handshake_rules() -> (delay) -> begin() -> shake_hands() whenever bytes
//  arrive
//
// Member of the flow that owns the connection; use only on the event loop's thread.
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
    kMore,    // more bytes are needed from the client
    kOpen,    // the client may be served
    kAlert,   // the flow must send alert() in plaintext, then FIN
    kStop,    // a rule stops the connection: close, reset or hang it, as how() says
    kFailed,  // the handshake failed, and its alert has been written
    // The client rejects the certificate with which the proxy intercepts TLS; the flow must report
    // that.
    kRefused,
  };

  // Reads the ClientHello, and sets facts.hello, which points into this object. Returns false if
  // more bytes are needed. The flow still receives the stream from its first byte: a hello too
  // large for the socket's buffer is given back to `stream`. `must_be_tls`: whether to report a
  // client that does not begin with TLS.
  bool read_hello(Host& host, Stream& stream, rules::FlowFacts& facts, bool must_be_tls = true);
  // The ClientHello, while this object stays where it is; null if there is none.
  const rules::ClientHello* hello() const { return hello_ ? &*hello_ : nullptr; }
  // Sets the host name to use if the ClientHello has no SNI. With STARTTLS, the next bytes are then
  // treated as the start of a connection.
  void asked_for(std::string host) { asked_ = std::move(host); }
  // Applies the rules on handshakes, and returns the delay before the handshake.
  Duration apply_handshake_rules(Host& host, const rules::FlowFacts& facts);
  // Begins the handshake, if the listener terminates TLS and no rule stops the connection. Returns
  // the next step for the flow.
  Step begin(Host& host, Stream& stream, const ListenerView& listener,
             const rules::FlowFacts& facts);
  // Continues the handshake. Call when bytes have arrived.
  Step shake_hands(Host& host, Stream& stream, const rules::FlowFacts& facts);

  // Returns the TLS record with the fatal alert that a rule demands. Call only after Step::kAlert.
  std::string alert() const;
  rules::HowToStop how() const { return verdict_.how; }

 private:
  codecs::HelloReading look(Loop& loop, Stream& stream);

  std::vector<std::byte> taken_;  // bytes of a large ClientHello, which were read from the socket
  codecs::HelloReader reader_;    // parser of the ClientHello in taken_
  std::optional<rules::ClientHello> hello_;
  std::optional<std::string> asked_;
  rules::TlsVerdict verdict_;
  bool decrypts_ = false;  // TLS is intercepted, so the certificate is not the server's own
};

}  // namespace brownout::proxy
