#include "rules/protocols/kafka/record_wire.h"

#include <isa-l/crc.h>
#include <zlib.h>

#include <algorithm>
#include <limits>

namespace brownout::rules {

std::string_view RecordReader::bytes(std::size_t size) {
  if (size > rest_.size()) {
    fail();
    return {};
  }
  const auto front = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return front;
}

std::optional<std::string_view> RecordReader::sized(std::int32_t size) {
  if (size == -1) return std::nullopt;
  if (size < 0) {
    fail();
    return std::nullopt;
  }
  return bytes(static_cast<std::size_t>(size));
}

std::int64_t RecordReader::unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1U) ^ (0 - (value & 1U)));
}

std::uint64_t RecordReader::varying(unsigned most_bytes) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < most_bytes && i < rest_.size(); ++i) {
    const auto byte = static_cast<unsigned char>(rest_[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << 7U * i;
    if (byte < 0x80) {
      rest_.remove_prefix(i + 1);
      return value;
    }
  }
  fail();
  return 0;
}

void RecordReader::fail() {
  ok_ = false;
  rest_ = {};
}

void RecordWriter::varint(std::int64_t value) {
  auto left = (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63U);
  for (; left >= 0x80; left >>= 7U) text_ += static_cast<char>(left | 0x80U);
  text_ += static_cast<char>(left);
}

void RecordWriter::behind_varint(std::optional<std::string_view> bytes) {
  varint(bytes ? static_cast<std::int64_t>(bytes->size()) : -1);
  if (bytes) text_ += *bytes;
}

void RecordWriter::behind_number(std::optional<std::string_view> bytes) {
  number(bytes ? static_cast<std::int32_t>(bytes->size()) : -1);
  if (bytes) text_ += *bytes;
}

std::uint32_t record_crc32c(std::string_view text) {
  // The length of crc32_iscsi() is an int, so longer texts are passed in pieces.
  constexpr std::size_t kMostPiece = std::numeric_limits<int>::max();
  std::uint32_t crc = ~0U;
  while (!text.empty()) {
    const auto piece = text.substr(0, kMostPiece);
    auto* bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));
    crc = crc32_iscsi(bytes, static_cast<int>(piece.size()), crc);
    text.remove_prefix(piece.size());
  }
  return ~crc;
}

std::uint32_t record_crc32(std::string_view text) {
  const auto* bytes = reinterpret_cast<const Bytef*>(text.data());
  return static_cast<std::uint32_t>(crc32_z(crc32_z(0, nullptr, 0), bytes, text.size()));
}

}  // namespace brownout::rules
