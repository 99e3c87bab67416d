#include "rules/base/base64.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace brownout::rules {
namespace {

constexpr std::string_view kBase64Digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kTextGroup = 4;
constexpr std::size_t kByteGroup = 3;

// Decodes a group of four characters, of which the last two may be padding.
bool decode_group(std::string_view group, std::string& bytes) {
  const auto digits = std::min(group.find('='), kTextGroup);
  if (digits < 2 || group.find_first_not_of('=', digits) != std::string_view::npos) return false;
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < kTextGroup; ++i) {
    const auto value = i < digits ? kBase64Digits.find(group[i]) : 0;
    if (value == std::string_view::npos) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
  }
  for (std::size_t i = 0; i + 1 < digits; ++i)
    bytes += static_cast<char>(bits >> (16 - 8 * i) & 0xff);
  return true;
}

// Encodes at most three bytes.
void encode_group(std::string_view group, std::string& text) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < kByteGroup; ++i)
    bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
  for (std::size_t i = 0; i < kTextGroup; ++i)
    text += i <= group.size() ? kBase64Digits[bits >> (18 - 6 * i) & 63] : '=';
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  Base64Encoder encoder;
  auto text = encoder.push(bytes);
  return text += encoder.finish();
}

std::optional<std::string> from_base64(std::string_view text) {
  Base64Decoder decoder;
  auto bytes = decoder.push(text);
  return decoder.complete() ? bytes : std::nullopt;
}

std::optional<std::string> Base64Decoder::push(std::string_view text) {
  std::string bytes;
  bytes.reserve(text.size() / kTextGroup * kByteGroup + kByteGroup);
  for (const char c : text) {
    group_ += c;
    if (group_.size() < kTextGroup) continue;
    if (!decode_group(group_, bytes)) return std::nullopt;
    group_.clear();
  }
  return bytes;
}

std::string Base64Encoder::push(std::string_view bytes) {
  std::string text;
  text.reserve((group_.size() + bytes.size()) / kByteGroup * kTextGroup + kTextGroup);
  for (const char c : bytes) {
    group_ += c;
    if (group_.size() < kByteGroup) continue;
    encode_group(group_, text);
    group_.clear();
  }
  return text;
}

std::string Base64Encoder::finish() {
  std::string text;
  if (!group_.empty()) encode_group(std::exchange(group_, {}), text);
  return text;
}

}  // namespace brownout::rules
