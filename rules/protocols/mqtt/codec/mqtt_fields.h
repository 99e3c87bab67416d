// MqttFieldReader and MqttFieldWriter read and write the data types in MQTT packets (MQTT 5.0,
// section 1.5). Each belongs to the function that parses or writes one packet; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/mqtt/mqtt.h"

namespace brownout::codecs {

// After malformed input, failed() is true and all reads yield 0 or empty.
class MqttFieldReader {
 public:
  explicit MqttFieldReader(ByteView bytes) : rest_(bytes) {}

  std::uint8_t byte();
  std::uint16_t number16();
  std::uint32_t number32();
  std::uint32_t length();  // reads a variable byte integer (MQTT 5.0, section 1.5.5)
  std::string text();      // reads UTF-8 text without U+0000 (MQTT 5.0, section 1.5.4)
  std::string binary();    // reads binary data (MQTT 5.0, section 1.5.6)
  rules::MqttProperties properties();

  ByteView rest() const { return rest_; }
  bool empty() const { return rest_.empty(); }
  bool failed() const { return failed_; }
  void fail();

 private:
  rules::MqttProperty property();
  ByteView take(std::size_t count);

  ByteView rest_;
  bool failed_ = false;
};

class MqttFieldWriter {
 public:
  void byte(std::uint8_t value) { bytes_.push_back(static_cast<std::byte>(value)); }
  void number16(std::uint16_t value);
  void number32(std::uint32_t value);
  void length(std::size_t value);
  void text(std::string_view value);  // writes UTF-8 text or binary data
  void properties(const rules::MqttProperties& properties);
  void bytes(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

  std::size_t size() const { return bytes_.size(); }
  ByteView view() const { return bytes_; }
  Bytes take() { return std::move(bytes_); }

 private:
  Bytes bytes_;
};

}  // namespace brownout::codecs
