// KafkaBytesReader and KafkaBytesWriter read and write the primitive types of the Kafka protocol:
// integers in network byte order, and unsigned variable-length integers (7 bits in each byte, the
// lowest first).
//
// Source: kafka.apache.org/protocol, Protocol Primitive Types. Plain values; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace brownout::rules {

class KafkaBytesReader {
 public:
  explicit KafkaBytesReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  // Whether all values so far were complete. After a failure, all values are 0 or empty.
  bool ok() const { return ok_; }
  std::size_t left() const { return bytes_.size(); }

  // Reads a signed integer of `width` bytes, 1 to 8.
  std::int64_t number(std::size_t width) {
    const auto part = take(width);
    std::uint64_t value = 0;
    for (const auto byte : part) value = value << 8 | std::to_integer<std::uint64_t>(byte);
    if (part.empty() || width >= 8) return static_cast<std::int64_t>(value);
    const auto sign = std::uint64_t{1} << (8 * width - 1);
    return static_cast<std::int64_t>((value ^ sign) - sign);
  }
  std::uint32_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
      const auto part = take(1);
      if (part.empty()) return 0;
      const auto byte = std::to_integer<std::uint64_t>(part[0]);
      value |= (byte & 127) << shift;
      if (byte < 128 && value <= UINT32_MAX) return static_cast<std::uint32_t>(value);
    }
    fail();
    return 0;
  }
  std::string_view text(std::size_t size) {
    const auto part = take(size);
    if (part.empty()) return "";
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  std::span<const std::byte> take(std::size_t size) {
    if (size > bytes_.size()) fail();
    if (!ok_) return {};
    const auto part = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return part;
  }
  void fail() {
    ok_ = false;
    bytes_ = {};
  }

 private:
  std::span<const std::byte> bytes_;
  bool ok_ = true;
};

class KafkaBytesWriter {
 public:
  void number(std::int64_t value, std::size_t width) {
    for (auto i = width; i > 0; --i) {
      bytes.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * (i - 1))));
    }
  }
  void varint(std::uint32_t value) {
    for (; value > 127; value >>= 7) bytes.push_back(static_cast<std::byte>(value | 128));
    bytes.push_back(static_cast<std::byte>(value));
  }
  void text(std::string_view text) {
    const auto part = std::as_bytes(std::span(text));
    bytes.insert(bytes.end(), part.begin(), part.end());
  }

  std::vector<std::byte> bytes;
};

}  // namespace brownout::rules
