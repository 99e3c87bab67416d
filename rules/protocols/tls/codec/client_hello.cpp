#include "rules/protocols/tls/codec/client_hello.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <string>

#include "rules/base/hex_digit.h"
#include "rules/schema/name_pattern.h"

namespace brownout::codecs {
namespace {

constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::uint8_t kClientHello = 1;
constexpr std::size_t kMostRecord = (1 << 14) + 256;

// Reads integers and vectors from the front of a byte sequence. After a read beyond its end, bad()
// is true and all further reads yield 0 or empty.
class HelloFields {
 public:
  explicit HelloFields(ByteView bytes) : rest_(bytes) {}

  std::uint32_t number(std::size_t size) {
    std::uint32_t value = 0;
    for (const auto byte : take(size)) value = value << 8 | static_cast<std::uint8_t>(byte);
    return value;
  }
  ByteView take(std::size_t size) {
    if (size > rest_.size()) {
      bad_ = true;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
  }
  // Reads a vector that follows its length; the length has `size` bytes.
  ByteView vector(std::size_t size) { return take(number(size)); }
  bool empty() const { return rest_.empty(); }
  bool bad() const { return bad_; }

 private:
  ByteView rest_;
  bool bad_ = false;
};

// Whether a value is a GREASE value. Clients add such random values to keep servers tolerant (RFC
// 8701). JA3 ignores them.
bool is_grease(std::uint32_t value) {
  return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff);
}

std::string joined_numbers(ByteView list, std::size_t size) {
  HelloFields reader(list);
  std::string text;
  while (!reader.empty()) {
    const auto value = reader.number(size);
    if (reader.bad()) break;
    if (size == 2 && is_grease(value)) continue;
    text += (text.empty() ? "" : "-") + std::to_string(value);
  }
  return text;
}

std::string md5(const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_md5(), nullptr) != 1)
    return {};
  return rules::hex_of(std::span(digest).first(length));
}

// Returns the first host name of the SNI extension (RFC 6066, 3).
std::string read_sni(ByteView extension) {
  HelloFields reader(extension);
  HelloFields list(reader.vector(2));
  while (!list.empty() && !list.bad()) {
    const auto type = list.number(1);
    const auto name = list.vector(2);
    if (type == 0) return rules::canonical_name(text_of(name));
  }
  return {};
}

std::vector<std::string> read_alpn(ByteView extension) {
  HelloFields reader(extension);
  HelloFields list(reader.vector(2));
  std::vector<std::string> protocols;
  while (!list.empty()) {
    std::string name(text_of(list.vector(1)));
    if (list.bad()) break;
    protocols.push_back(std::move(name));
  }
  return protocols;
}

std::uint16_t highest_version(ByteView extension, std::uint16_t legacy) {
  HelloFields reader(extension);
  HelloFields list(reader.vector(1));
  std::uint16_t highest = 0;
  while (!list.empty()) {
    const auto version = list.number(2);
    if (list.bad()) break;
    if (!is_grease(version)) highest = std::max(highest, static_cast<std::uint16_t>(version));
  }
  return highest != 0 ? highest : legacy;
}

HelloReading read_message(ByteView message) {
  HelloReading reading{HelloState::kNotTls, {}};
  HelloFields reader(message);
  auto& hello = reading.hello;
  const auto legacy = static_cast<std::uint16_t>(reader.number(2));
  hello.version = legacy;
  reader.take(32);
  reader.vector(1);
  const auto ciphers = reader.vector(2);
  reader.vector(1);
  if (reader.bad()) return reading;
  std::string extensions;
  std::string groups;
  std::string formats;
  // Clients before RFC 3546 send no extensions, not even an empty list.
  HelloFields list(reader.empty() ? ByteView{} : reader.vector(2));
  while (!list.empty()) {
    const auto type = list.number(2);
    const auto body = list.vector(2);
    if (list.bad()) return reading;
    if (!is_grease(type)) extensions += (extensions.empty() ? "" : "-") + std::to_string(type);
    if (type == 0) hello.sni = read_sni(body);
    if (type == 10) groups = joined_numbers(HelloFields(body).vector(2), 2);
    if (type == 11) formats = joined_numbers(HelloFields(body).vector(1), 1);
    if (type == 16) hello.alpn = read_alpn(body);
    if (type == 43) hello.version = highest_version(body, legacy);
  }
  if (reader.bad()) return reading;
  hello.ja3 = md5(std::to_string(legacy) + "," + joined_numbers(ciphers, 2) + "," + extensions +
                  "," + groups + "," + formats);
  reading.state = HelloState::kHello;
  return reading;
}

}  // namespace

HelloReading HelloReader::feed(ByteView bytes) {
  const HelloReading more{HelloState::kMore, {}};
  const HelloReading other{HelloState::kNotTls, {}};
  while (true) {
    while (left_ == 0 && header_.size() < 5 && !bytes.empty()) {
      header_.push_back(bytes[0]);
      bytes = bytes.subspan(1);
      if (header_[0] != std::byte{kHandshakeRecord}) return other;
      if (header_.size() > 1 && header_[1] != std::byte{3}) return other;
    }
    if (left_ == 0) {
      if (header_.size() < 5) return more;
      left_ = HelloFields(ByteView(header_).subspan(3)).number(2);
      header_.clear();
      if (left_ == 0 || left_ > kMostRecord) return other;
    }
    const auto part = bytes.first(std::min(left_, bytes.size()));
    message_.insert(message_.end(), part.begin(), part.end());
    left_ -= part.size();
    bytes = bytes.subspan(part.size());
    if (!message_.empty() && message_[0] != std::byte{kClientHello}) return other;
    if (message_.size() >= 4) {
      const auto size = HelloFields(ByteView(message_).subspan(1)).number(3);
      if (size > kMostHello) return other;
      if (message_.size() >= 4 + size) return read_message(ByteView(message_).subspan(4, size));
    }
    if (left_ > 0) return more;
  }
}

}  // namespace brownout::codecs
