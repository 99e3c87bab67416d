// The ClientHello at the beginning of a TLS connection (RFC 8446, 4.1.2), without taking part in
// the handshake. Bounded; any bytes are fine. No I/O.
#pragma once

#include <optional>

#include "proxy/codecs/bytes.h"
#include "rules/tls.h"

namespace brownout::codecs {

// A hello longer than this is taken for something else.
constexpr std::size_t kMostHello = 64 * 1024;

enum class HelloState { kMore, kHello, kNotTls };

struct HelloReading {
  HelloState state = HelloState::kMore;
  rules::ClientHello hello;
};

// `bytes` are all that has come so far, from the first on.
HelloReading read_client_hello(ByteView bytes);

}  // namespace brownout::codecs
