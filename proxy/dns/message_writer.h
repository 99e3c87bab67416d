// MessageWriter: writes DNS messages to a peer over TCP or TLS, each with a two-byte length (RFC
// 7766, section 8). Buffers at most kMostWaiting bytes that the socket has not accepted. Owned by
// the owner of the connection; use only on the event loop's thread.
#pragma once

#include <cstddef>

#include "proxy/net/stream.h"
#include "rules/protocols/dns/codec/dns.h"

namespace brownout::proxy {

class MessageWriter {
 public:
  static constexpr std::size_t kMostWaiting = 4 << 20;

  // Adds a message to send. Returns false if the buffer is full, because the peer does not read.
  bool add(codecs::ByteView message);
  // Sends buffered messages. Returns false if the connection has failed.
  bool flush(Stream& stream);
  std::size_t waiting() const { return bytes_.size() - sent_; }
  bool empty() const { return waiting() == 0; }

 private:
  codecs::Bytes bytes_;
  std::size_t sent_ = 0;
};

}  // namespace brownout::proxy
