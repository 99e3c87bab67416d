// DNS messages towards a peer by TCP or TLS: two bytes of length before each (RFC 7766, 8). Keeps
// what the socket does not take yet, at most kMostWaiting.
#pragma once

#include <cstddef>

#include "proxy/net/stream.h"
#include "rules/protocols/dns/codec/dns.h"

namespace brownout::proxy {

class MessageWriter {
 public:
  static constexpr std::size_t kMostWaiting = 4 << 20;

  // False when too much waits already: the peer does not read.
  bool add(codecs::ByteView message);
  // False when the socket has failed.
  bool flush(Stream& stream);
  std::size_t waiting() const { return bytes_.size() - sent_; }
  bool empty() const { return waiting() == 0; }

 private:
  codecs::Bytes bytes_;
  std::size_t sent_ = 0;
};

}  // namespace brownout::proxy
