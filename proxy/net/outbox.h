// Outbox: the output buffer of one socket. It sends the small writes of one iteration of the event
// loop together, and keeps bytes that the socket does not accept. write() copies only the bytes
// that are not sent at once.
//
// Call flush() before the iteration ends. Owned by the owner of the socket; use only on the event
// loop's thread.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "proxy/net/stream.h"
#include "rules/message/chunk.h"

namespace brownout::proxy {

class Outbox {
 public:
  // Sends or buffers the bytes. Errors are reported by flush().
  void write(Stream& stream, std::span<const std::byte> bytes);
  // Sends the buffered bytes as far as the socket accepts them. Returns false and sets errno if the
  // connection is broken.
  bool flush(Stream& stream);
  std::size_t waiting() const { return staged_.size() + pending_.bytes(); }
  bool empty() const { return waiting() == 0; }
  void clear();

 private:
  bool send_now(Stream& stream, std::span<const std::byte>& bytes);
  bool send_staged(Stream& stream);

  std::vector<std::byte> staged_;  // small writes in the current iteration of the event loop
  rules::ChunkQueue pending_;      // bytes that the socket did not accept; older than staged_
  int error_ = 0;
};

}  // namespace brownout::proxy
