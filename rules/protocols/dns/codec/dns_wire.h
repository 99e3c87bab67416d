// Helpers that read fields of a DNS message without unpacking the message (RFC 1035, 4.1). Pure
// functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "rules/protocols/codec/bytes.h"

namespace brownout::codecs {

// Returns the 16-bit number at `at`. The caller must check that both bytes exist.
inline std::uint16_t number_at(ByteView bytes, std::size_t at) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(bytes[at]) << 8 |
                                    std::to_integer<unsigned>(bytes[at + 1]));
}

// Returns the position after the name at `at`, which ends with the root label or a compression
// pointer (RFC 1035, 4.1.4). The position may be beyond the end of the message.
inline std::size_t behind_name(ByteView message, std::size_t at) {
  while (at < message.size()) {
    const auto length = std::to_integer<std::size_t>(message[at]);
    if (length == 0) return at + 1;
    if (length >= 0xc0) return at + 2;
    at += 1 + length;
  }
  return message.size();
}

}  // namespace brownout::codecs
