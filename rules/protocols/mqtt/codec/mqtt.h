// Functions that parse and write MQTT packets (3.1, 3.1.1 and 5.0; section numbers are those of
// 5.0).
//
// `level` is the protocol level from the connection's CONNECT; for a CONNECT, its own level is
// used. Flags and bytes that 3.1.1 reserves may have any value in MQTT 3.1 (V3.1, sections 2.1 and
// 3). Clients of 3.1 set DUP when they repeat a PUBREL, SUBSCRIBE or UNSUBSCRIBE. Pure functions.
#pragma once

#include <optional>
#include <string_view>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/mqtt/mqtt.h"

namespace brownout::codecs {

// MqttHead is the fixed header (MQTT 5.0, section 2.1) of the packet at the start of `bytes`.
struct MqttHead {
  enum class State { kMore, kHead, kBroken };
  State state = State::kMore;
  std::size_t size = 0;  // size of the fixed header in bytes, 2 to 5
  std::size_t rest = 0;  // remaining length in bytes, up to 268,435,455
  rules::MqttType type = rules::MqttType::kPingreq;
};
MqttHead read_mqtt_head(ByteView bytes, std::uint8_t level = rules::kMqtt311);

struct MqttMessage {
  rules::MqttPacket packet;
  ByteView payload;  // payload of a PUBLISH; a view of the input
};
// Parses one complete packet. Returns no value if it is malformed (MQTT 5.0, sections 1.2
// and 4.13).
std::optional<MqttMessage> read_mqtt(ByteView bytes, std::uint8_t level);
// Parses a PUBLISH whose payload may be incomplete.
std::optional<rules::MqttPacket> read_publish(ByteView begin, std::uint8_t level);

// Writes a packet. Texts longer than 65,535 bytes are cut.
Bytes write_mqtt(const rules::MqttPacket& packet, std::uint8_t level, ByteView payload = {});

}  // namespace brownout::codecs
