// The ClientHello at the beginning of a TLS connection (RFC 8446, 4.1.2), without taking part in
// the handshake. Bounded; any bytes are fine. No I/O.
#pragma once

#include <optional>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/tls/tls.h"

namespace brownout::codecs {

// A hello longer than this is taken for something else.
constexpr std::size_t kMostHello = 64 * 1024;

enum class HelloState { kMore, kHello, kNotTls };

struct HelloReading {
  HelloState state = HelloState::kMore;
  rules::ClientHello hello;
};

// Puts a ClientHello together as its bytes come.
class HelloReader {
 public:
  // Behind what it was fed before. Once it is no longer kMore nothing more is to be fed.
  HelloReading feed(ByteView bytes);

 private:
  Bytes header_;          // of the record that begins
  std::size_t left_ = 0;  // of the record
  Bytes message_;         // which may be cut into records
};

// `bytes` are all that has come so far, from the first on.
inline HelloReading read_client_hello(ByteView bytes) { return HelloReader().feed(bytes); }

}  // namespace brownout::codecs
