// DnsFraming splits a TCP stream into DNS messages, each preceded by a two-byte length (RFC 1035,
// 4.2.2; RFC 7766).
//
// The result does not depend on how reads split the stream. In addition to the bytes appended last,
// the buffer holds less than two messages. No I/O.
#pragma once

#include <cstddef>
#include <span>

#include "rules/protocols/dns/codec/dns.h"

namespace brownout::codecs {

class DnsFraming {
 public:
  void append(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  // Returns the next complete message, or an empty span if no message is complete. Valid until the
  // next call.
  std::span<std::byte> next();
  // Returns the number of bytes buffered for the next message.
  std::size_t waiting() const { return bytes_.size() - taken_; }

 private:
  Bytes bytes_;
  std::size_t taken_ = 0;
};

// Appends a message, preceded by its length.
inline void append_framed(Bytes& to, ByteView message) {
  to.push_back(static_cast<std::byte>(message.size() >> 8));
  to.push_back(static_cast<std::byte>(message.size() & 0xff));
  to.insert(to.end(), message.begin(), message.end());
}

}  // namespace brownout::codecs
