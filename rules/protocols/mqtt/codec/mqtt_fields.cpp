#include "rules/protocols/mqtt/codec/mqtt_fields.h"

#include "rules/base/utf8.h"

namespace brownout::codecs {
namespace {

using rules::MqttProperties;
using rules::MqttProperty;
using rules::MqttPropertyId;

enum class Kind : std::uint8_t {
  kNone,
  kByte,
  kNumber16,
  kNumber32,
  kLength,
  kText,
  kBinary,
  kPair
};

// Returns the data type of a property (MQTT 5.0, section 2.2.2.2).
Kind kind_of(std::uint8_t id) {
  switch (id) {
    case 0x01:
    case 0x17:
    case 0x19:
    case 0x24:
    case 0x25:
    case 0x28:
    case 0x29:
    case 0x2a:
      return Kind::kByte;
    case 0x13:
    case 0x21:
    case 0x22:
    case 0x23:
      return Kind::kNumber16;
    case 0x02:
    case 0x11:
    case 0x18:
    case 0x27:
      return Kind::kNumber32;
    case 0x0b:
      return Kind::kLength;
    case 0x03:
    case 0x08:
    case 0x12:
    case 0x15:
    case 0x1a:
    case 0x1c:
    case 0x1f:
      return Kind::kText;
    case 0x09:
    case 0x16:
      return Kind::kBinary;
    case 0x26:
      return Kind::kPair;
    default:
      return Kind::kNone;
  }
}

constexpr std::size_t kLongestText = 65535;

}  // namespace

void MqttFieldReader::fail() {
  failed_ = true;
  rest_ = {};
}

ByteView MqttFieldReader::take(std::size_t count) {
  if (count > rest_.size()) {
    fail();
    return {};
  }
  const auto taken = rest_.first(count);
  rest_ = rest_.subspan(count);
  return taken;
}

std::uint8_t MqttFieldReader::byte() {
  const auto bytes = take(1);
  return bytes.empty() ? std::uint8_t{0} : std::to_integer<std::uint8_t>(bytes[0]);
}

std::uint16_t MqttFieldReader::number16() {
  const unsigned high = byte();
  return static_cast<std::uint16_t>(high << 8 | byte());
}

std::uint32_t MqttFieldReader::number32() {
  const std::uint32_t high = number16();
  return high << 16 | number16();
}

std::uint32_t MqttFieldReader::length() {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    const std::uint32_t digit = byte();
    value |= (digit & 127) << shift;
    if ((digit & 128) == 0) return value;
  }
  fail();
  return 0;
}

std::string MqttFieldReader::binary() { return std::string(text_of(take(number16()))); }

std::string MqttFieldReader::text() {
  auto text = binary();
  if (text.find('\0') != std::string::npos) fail();
  return text;
}

MqttProperty MqttFieldReader::property() {
  const auto id = byte();
  MqttProperty property{.id = static_cast<MqttPropertyId>(id)};
  switch (kind_of(id)) {
    case Kind::kByte:
      property.number = byte();
      break;
    case Kind::kNumber16:
      property.number = number16();
      break;
    case Kind::kNumber32:
      property.number = number32();
      break;
    case Kind::kLength:
      property.number = length();
      break;
    case Kind::kText:
      property.text = text();
      break;
    case Kind::kBinary:
      property.text = binary();
      break;
    case Kind::kPair:
      property.text = text();
      property.value = text();
      break;
    case Kind::kNone:
      fail();
  }
  return property;
}

MqttProperties MqttFieldReader::properties() {
  MqttFieldReader in(take(length()));
  MqttProperties found;
  while (!in.empty()) found.push_back(in.property());
  if (in.failed()) fail();
  return found;
}

void MqttFieldWriter::number16(std::uint16_t value) {
  byte(static_cast<std::uint8_t>(value >> 8));
  byte(static_cast<std::uint8_t>(value & 255));
}

void MqttFieldWriter::number32(std::uint32_t value) {
  number16(static_cast<std::uint16_t>(value >> 16));
  number16(static_cast<std::uint16_t>(value & 0xffff));
}

void MqttFieldWriter::length(std::size_t value) {
  do {
    const auto more = value > 127 ? 128U : 0U;
    byte(static_cast<std::uint8_t>((value & 127) | more));
    value >>= 7;
  } while (value > 0);
}

void MqttFieldWriter::text(std::string_view value) {
  value = rules::utf8_front(value, kLongestText);
  number16(static_cast<std::uint16_t>(value.size()));
  bytes(bytes_of(value));
}

void MqttFieldWriter::properties(const MqttProperties& properties) {
  MqttFieldWriter inner;
  for (const auto& property : properties) {
    const auto id = static_cast<std::uint8_t>(property.id);
    inner.byte(id);
    switch (kind_of(id)) {
      case Kind::kByte:
        inner.byte(static_cast<std::uint8_t>(property.number));
        break;
      case Kind::kNumber16:
        inner.number16(static_cast<std::uint16_t>(property.number));
        break;
      case Kind::kNumber32:
        inner.number32(property.number);
        break;
      case Kind::kLength:
        inner.length(property.number);
        break;
      case Kind::kPair:
        inner.text(property.text);
        inner.text(property.value);
        break;
      default:
        inner.text(property.text);
    }
  }
  length(inner.size());
  bytes(inner.view());
}

}  // namespace brownout::codecs
