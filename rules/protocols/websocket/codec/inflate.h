// The messages of permessage-deflate (RFC 7692, 7.2.2), by zlib. One direction of a connection.
//
// Bounded by what the caller keeps; the window takes 32 KiB from the first message on. No I/O; one
// thread.
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

  // Reads on in a message, and adds what it says to `into`, unless that is null. False when it is
  // malformed, or when `into` would have more than `most` bytes: nothing more can be read then.
  bool add(ByteView bytes, Bytes* into, std::size_t most);
  // The message ends here.
  bool end_message(Bytes* into, std::size_t most);
  // What follows does not refer to what was before ("no context takeover").
  void forget();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace brownout::codecs
