// Outbox: output buffer of one socket. It sends the small writes of a turn of the loop together,
// and keeps bytes that the socket does not accept. write() borrows its bytes and copies those that
// are not sent at once.
//
// Call flush() before the turn ends. Owned by the owner of the socket; loop's thread only.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "proxy/net/stream.h"
#include "rules/message/chunk.h"

namespace brownout::proxy {

class Outbox {
 public:
  void write(Stream& stream, std::span<const std::byte> bytes);
  // False and errno if the connection is broken.
  bool flush(Stream& stream);
  std::size_t waiting() const { return staged_.size() + pending_.bytes(); }
  bool empty() const { return waiting() == 0; }
  void clear();

 private:
  bool send_now(Stream& stream, std::span<const std::byte>& bytes);
  bool send_staged(Stream& stream);

  std::vector<std::byte> staged_;  // small writes of this turn
  rules::ChunkQueue pending_;      // bytes that the socket did not accept; older than staged_
  int error_ = 0;
};

}  // namespace brownout::proxy
