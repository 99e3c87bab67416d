// MQTT packets (MQTT 3.1, 3.1.1 and 5.0; section numbers are those of 5.0): where one ends in one
// direction of a connection, and what it says; and packets back into bytes. `level` is that of the
// connection's CONNECT, which has its own.
//
// MQTT 3.1 leaves flags and bytes unused that 3.1.1 reserves (V3.1, 2.1 and 3): there they may have
// any value. Its clients set DUP on what they send again: PUBREL, SUBSCRIBE and UNSUBSCRIBE.
//
// Pure; one thread a reader.
#pragma once

#include <optional>
#include <string_view>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/mqtt/mqtt.h"

namespace brownout::codecs {

// The fixed header (2.1) of the packet that `bytes` begin with.
struct MqttHead {
  enum class State { kMore, kHead, kBroken };
  State state = State::kMore;
  std::size_t size = 0;  // of the fixed header itself: 2 to 5
  std::size_t rest = 0;  // the remaining length: up to 268,435,455
  rules::MqttType type = rules::MqttType::kPingreq;
};
MqttHead read_mqtt_head(ByteView bytes, std::uint8_t level = rules::kMqtt311);

struct MqttMessage {
  rules::MqttPacket packet;
  ByteView payload;  // of a PUBLISH: the end of what was read
};
// Of one whole packet. None where it is malformed (1.2, 4.13).
std::optional<MqttMessage> read_mqtt(ByteView bytes, std::uint8_t level);
// Of a PUBLISH whose payload need not be there yet.
std::optional<rules::MqttPacket> read_publish(ByteView begin, std::uint8_t level);

// Texts of more than 65,535 bytes are cut there.
Bytes write_mqtt(const rules::MqttPacket& packet, std::uint8_t level, ByteView payload = {});

}  // namespace brownout::codecs
