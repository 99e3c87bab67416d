// Reads the server's name from a client's first bytes: the Host header of an HTTP/1 request, or the
// SNI of a ClientHello. Any bytes are valid input. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>

#include "rules/protocols/codec/bytes.h"

namespace brownout::codecs {

// Number of bytes at the beginning of the stream that are searched for a name.
constexpr std::size_t kMostShown = 8 * 1024;

struct ShownName {
  bool more = false;  // the name may be in further bytes
  std::string name;   // in lower case, without the port; "" if there is none
};

// `bytes` is the whole stream so far.
ShownName read_shown_name(ByteView bytes);

}  // namespace brownout::codecs
