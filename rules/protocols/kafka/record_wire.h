// Reads and writes the primitive types of Kafka's record formats: integers in network byte order,
// and variable-length integers in zigzag encoding as in Protocol Buffers (KIP-98).
//
// Plain values; one thread for each object.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace brownout::rules {

// Reads from the front of a text. After an error, ok() is false and all further values are 0 or
// empty.
class RecordReader {
 public:
  explicit RecordReader(std::string_view text) : rest_(text) {}

  // Returns a signed integer of this type.
  template <class Integer>
  Integer number() {
    std::uint64_t value = 0;
    for (const char c : bytes(sizeof(Integer))) value = value << 8U | static_cast<unsigned char>(c);
    return static_cast<Integer>(value);
  }
  // Returns an integer of at most 32 bits in 1 to 5 bytes, or of 64 bits in 1 to 10 bytes.
  std::int32_t varint() {
    return static_cast<std::int32_t>(unzigzag(static_cast<std::uint32_t>(varying(5))));
  }
  std::int64_t varlong() { return unzigzag(varying(10)); }
  std::string_view bytes(std::size_t size);
  // Returns the bytes behind their length; no value if the length is -1, which means null.
  std::optional<std::string_view> behind_varint() { return sized(varint()); }
  std::optional<std::string_view> behind_number() { return sized(number<std::int32_t>()); }

  bool ok() const { return ok_; }
  bool done() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

 private:
  static std::int64_t unzigzag(std::uint64_t value);
  std::uint64_t varying(unsigned most_bytes);
  std::optional<std::string_view> sized(std::int32_t size);
  void fail();

  std::string_view rest_;
  bool ok_ = true;
};

// Appends to a text.
class RecordWriter {
 public:
  template <class Integer>
  void number(Integer value) {
    std::array<char, sizeof(Integer)> bytes{};
    auto left = static_cast<std::uint64_t>(value);
    for (auto at = bytes.rbegin(); at != bytes.rend(); ++at, left >>= 8U) {
      *at = static_cast<char>(left);
    }
    text_.append(bytes.data(), bytes.size());
  }
  void varint(std::int64_t value);
  void bytes(std::string_view bytes) { text_ += bytes; }
  // Writes the length and the bytes; null as the length -1.
  void behind_varint(std::optional<std::string_view> bytes);
  void behind_number(std::optional<std::string_view> bytes);

  const std::string& text() const { return text_; }
  std::size_t size() const { return text_.size(); }
  void clear() { text_.clear(); }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// Returns the CRC32C (Castagnoli) of v2, and the CRC32 of v0 and v1.
std::uint32_t record_crc32c(std::string_view text);
std::uint32_t record_crc32(std::string_view text);

}  // namespace brownout::rules
