// The byte types that codecs read and write, and conversions between bytes and text. Pure
// functions; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace brownout::codecs {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

// Returns the bytes as text. The result is never a null pointer, even if it is empty, because
// llhttp interprets null as "no field is open".
inline std::string_view text_of(ByteView bytes) {
  if (bytes.empty()) return "";
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::uint8_t octet(ByteView bytes, std::size_t at) {
  return std::to_integer<std::uint8_t>(bytes[at]);
}
inline ByteView bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace brownout::codecs
