// Outbox: what is to be written to a socket. Small pieces of one turn leave together; what the
// socket does not take waits. Borrowed bytes are copied only when they must wait.
//
// Write, then flush() before the turn ends. Loop's thread only; owned by whoever owns the socket.
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
  // False when the connection is broken; errno says how.
  bool flush(Stream& stream);
  std::size_t waiting() const { return staged_.size() + pending_.bytes(); }
  bool empty() const { return waiting() == 0; }
  void clear();

 private:
  bool send_now(Stream& stream, std::span<const std::byte>& bytes);
  bool send_staged(Stream& stream);

  std::vector<std::byte> staged_;  // of this turn
  rules::ChunkQueue pending_;      // what the socket would not take; older than staged_
  int error_ = 0;
};

}  // namespace brownout::proxy
