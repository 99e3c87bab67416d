// DNS messages over TCP: two bytes of length before each (RFC 1035, 4.2.2; RFC 7766).
//
// MessageReader cuts what was read into messages, however it was cut into reads. MessageWriter
// keeps what the socket does not take yet. Bounded by the largest message, and by kMostWaiting.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "proxy/codecs/dns.h"
#include "proxy/loop/fd.h"

namespace brownout::proxy {

class MessageReader {
 public:
  void append(codecs::ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  // The next whole message, empty if there is none. Valid until the next call.
  std::span<std::byte> next();
  // Bytes of a message that is not whole yet.
  std::size_t waiting() const { return bytes_.size() - taken_; }

 private:
  codecs::Bytes bytes_;
  std::size_t taken_ = 0;
};

class MessageWriter {
 public:
  static constexpr std::size_t kMostWaiting = 4 << 20;

  // False when too much waits already: the peer does not read.
  bool add(codecs::ByteView message);
  // False when the socket has failed.
  bool flush(const Fd& fd);
  bool empty() const { return sent_ == bytes_.size(); }

 private:
  codecs::Bytes bytes_;
  std::size_t sent_ = 0;
};

}  // namespace brownout::proxy
