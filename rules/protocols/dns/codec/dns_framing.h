// DNS messages out of a TCP stream, and into one: two bytes of length before each (RFC 1035, 4.2.2;
// RFC 7766). However the stream was cut into reads, the messages are the same. Holds less than two
// messages beyond what was appended last. No I/O.
#pragma once

#include <cstddef>
#include <span>

#include "rules/protocols/dns/codec/dns.h"

namespace brownout::codecs {

class DnsFraming {
 public:
  void append(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  // The next whole message, empty if there is none. Valid until the next call.
  std::span<std::byte> next();
  // Bytes of a message that is not whole yet.
  std::size_t waiting() const { return bytes_.size() - taken_; }

 private:
  Bytes bytes_;
  std::size_t taken_ = 0;
};

// One message with its length in front.
inline void append_framed(Bytes& to, ByteView message) {
  to.push_back(static_cast<std::byte>(message.size() >> 8));
  to.push_back(static_cast<std::byte>(message.size() & 0xff));
  to.insert(to.end(), message.begin(), message.end());
}

}  // namespace brownout::codecs
