// Inflater decompresses permessage-deflate messages of one direction of a WebSocket connection,
// with zlib (RFC 7692, 7.2.2).
//
// Memory use is the caller's output plus a window of 32 KiB, allocated at the first message. No
// I/O; one thread.
#pragma once

#include <memory>

#include "rules/protocols/codec/bytes.h"

namespace brownout::codecs {

class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // Decompresses the next bytes of a message and appends the output to `into`, unless it is null.
  // Returns false if the input is malformed or `into` would exceed `most` bytes; the Inflater is
  // then unusable.
  bool add(ByteView bytes, Bytes* into, std::size_t most);
  // Must be called at the end of each message.
  bool end_message(Bytes* into, std::size_t most);
  // Clears the window. Call after each message if later messages do not refer to earlier data ("no
  // context takeover").
  void forget();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace brownout::codecs
