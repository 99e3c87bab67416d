// Converts hexadecimal digits to numbers, and bytes to hexadecimal text. Pure; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace brownout::rules {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

// Returns the value of a hexadecimal digit in upper or lower case; no value if `c` is no such
// digit.
constexpr std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const auto letter = static_cast<char>(c | 0x20);
  if (letter >= 'a' && letter <= 'f') return static_cast<unsigned>(letter - 'a') + 10;
  return std::nullopt;
}

// Returns two lower-case digits for each byte.
inline std::string hex_of(std::span<const unsigned char> bytes) {
  std::string text;
  for (const auto byte : bytes) {
    text += kHexDigits[byte >> 4U];
    text += kHexDigits[byte & 15U];
  }
  return text;
}

}  // namespace brownout::rules
