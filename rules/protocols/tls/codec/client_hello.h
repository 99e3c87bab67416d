// HelloReader parses the ClientHello at the start of a TLS connection, without taking part in the
// handshake (RFC 8446, 4.1.2).
//
// Any bytes are valid input. Memory is bounded by kMostHello. No I/O.
#pragma once

#include <optional>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/tls/tls.h"

namespace brownout::codecs {

// Maximum size of a ClientHello in bytes. A larger message is not considered a ClientHello.
constexpr std::size_t kMostHello = 64 * 1024;

enum class HelloState { kMore, kHello, kNotTls };

struct HelloReading {
  HelloState state = HelloState::kMore;
  rules::ClientHello hello;
};

// HelloReader assembles a ClientHello from the bytes of a stream.
class HelloReader {
 public:
  // Takes the next bytes of the stream. May be called again only while the state is kMore.
  HelloReading feed(ByteView bytes);

 private:
  Bytes header_;          // incomplete header of the next record
  std::size_t left_ = 0;  // number of bytes left of the current record
  Bytes message_;         // the handshake message, which may span several records
};

// `bytes` is the whole stream so far.
inline HelloReading read_client_hello(ByteView bytes) { return HelloReader().feed(bytes); }

}  // namespace brownout::codecs
