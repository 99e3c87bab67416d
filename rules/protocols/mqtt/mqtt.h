// MqttPacket is one MQTT control packet as a plain value, which rules match and modify.
//
// Covers MQTT 3.1 (IBM, 2010), 3.1.1 (OASIS, 2014) and 5.0 (OASIS, 2019); section numbers are those
// of 5.0. rules/protocols/mqtt/codec/mqtt.h converts packets from and to the wire format.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/schema.h"

namespace brownout::rules {

// The packet types (MQTT 5.0, section 2.1.2).
enum class MqttType : std::uint8_t {
  kConnect = 1,
  kConnack,
  kPublish,
  kPuback,
  kPubrec,
  kPubrel,
  kPubcomp,
  kSubscribe,
  kSuback,
  kUnsubscribe,
  kUnsuback,
  kPingreq,
  kPingresp,
  kDisconnect,
  kAuth,
};

// Protocol levels, as sent in CONNECT (MQTT 5.0, section 3.1.2.2).
inline constexpr std::uint8_t kMqtt31 = 3;
inline constexpr std::uint8_t kMqtt311 = 4;
inline constexpr std::uint8_t kMqtt5 = 5;

// Identifiers of the properties that rules read or write (MQTT 5.0, section 2.2.2.2). Other
// properties are stored with their number.
enum class MqttPropertyId : std::uint8_t {
  kPayloadFormat = 0x01,
  kAssignedClientId = 0x12,
  kServerReference = 0x1c,
  kReasonString = 0x1f,
  kReceiveMaximum = 0x21,
  kTopicAliasMaximum = 0x22,
  kTopicAlias = 0x23,
  kUserProperty = 0x26,
};

struct MqttProperty {
  MqttPropertyId id{};
  std::uint32_t number = 0;  // value of a numeric property
  std::string text = {};     // value of a text or binary property, or name of a user property
  std::string value = {};    // value of a user property
  friend bool operator==(const MqttProperty&, const MqttProperty&) = default;
};
using MqttProperties = std::vector<MqttProperty>;

// Returns the first property with this identifier, or null.
const MqttProperty* find_property(const MqttProperties& properties, MqttPropertyId id);

struct MqttWill {
  MqttProperties properties = {};
  std::string topic = {};
  std::string payload = {};
  std::uint8_t qos = 0;
  bool retain = false;
  friend bool operator==(const MqttWill&, const MqttWill&) = default;
};

// The content of a CONNECT (MQTT 5.0, section 3.1).
struct MqttConnect {
  std::uint8_t level = kMqtt311;
  // Whether the client is a broker, which sets 0x80 in the level (mosquitto.conf(5)).
  bool bridge = false;
  bool clean_start = false;
  std::uint16_t keep_alive = 0;  // seconds; 0 disables keep-alive
  std::string client_id = {};
  std::optional<MqttWill> will = {};
  std::optional<std::string> user_name = {};
  std::optional<std::string> password = {};
  friend bool operator==(const MqttConnect&, const MqttConnect&) = default;
};

struct MqttFilter {
  std::string filter = {};
  // Subscription options (MQTT 5.0, section 3.8.3.1). In MQTT 3.1.1, they contain only the QoS. For
  // an UNSUBSCRIBE, they are 0.
  std::uint8_t options = 0;
  friend bool operator==(const MqttFilter&, const MqttFilter&) = default;
};

// MqttPacket is a control packet. Its type decides which members are used. The payload of a PUBLISH
// is stored separately.
struct MqttPacket {
  MqttType type = MqttType::kPingreq;
  bool dup = false;      // used by PUBLISH; in 3.1 also by PUBREL, SUBSCRIBE and UNSUBSCRIBE
  std::uint8_t qos = 0;  // used by PUBLISH
  bool retain = false;   // used by PUBLISH
  // Packet identifier: used by PUBLISH above QoS 0, SUBSCRIBE, UNSUBSCRIBE and acknowledgements.
  std::uint16_t id = 0;
  std::uint8_t reason = 0;       // reason code; in 3.1.1 the return code of a CONNACK
  bool session_present = false;  // used by CONNACK
  std::string topic = {};        // used by PUBLISH, as received: empty if a topic alias replaces it
  std::vector<MqttFilter> filters = {};    // used by SUBSCRIBE and UNSUBSCRIBE
  std::vector<std::uint8_t> reasons = {};  // used by SUBACK and UNSUBACK
  MqttProperties properties = {};          // used in MQTT 5.0
  std::optional<MqttConnect> connect = {};
  friend bool operator==(const MqttPacket&, const MqttPacket&) = default;
};

// Whether a topic matches a filter (MQTT 5.0, section 4.7): "+" matches one level, "#" all
// remaining levels. A wildcard at the start does not match a topic that begins with "$".
bool topic_matches(std::string_view filter, std::string_view topic);
struct TopicFilter {
  std::string text;
};
template <>
struct ValueKind<TopicFilter> {
  static std::string name() { return "topic filter"; }
  // Reads a filter and checks its syntax (MQTT 5.0, section 4.7.1).
  static Result<TopicFilter> read(const Node& node);
  static std::string print(const TopicFilter& value) { return in_quotes(value.text); }
};

struct MqttQos {
  std::uint8_t level = 0;
  friend bool operator==(MqttQos, MqttQos) = default;
};
template <>
struct ValueKind<MqttQos> {
  static std::string name() { return "0 | 1 | 2"; }
  static Result<MqttQos> read(const Node& node);
  static std::string print(MqttQos value) { return std::to_string(value.level); }
};

// A reason code (MQTT 5.0, section 2.4), or the return code of a CONNACK (MQTT 3.1.1, section
// 3.2.2.3).
struct MqttReason {
  std::uint8_t code = 0;
  friend bool operator==(MqttReason, MqttReason) = default;
};
template <>
struct ValueKind<MqttReason> {
  static std::string name() { return "reason code"; }
  static Result<MqttReason> read(const Node& node);
  static std::string print(MqttReason value) { return std::to_string(value.code); }
};

// Returns the packet with which a server refuses `packet`: CONNACK, SUBACK, UNSUBACK, PUBACK or
// PUBREC. Returns no value if the protocol level has no refusal for it; 3.1 can refuse CONNECT
// only. The default reason is "server unavailable" for CONNECT, else "unspecified error".
std::optional<MqttPacket> refusal_of(const MqttPacket& packet, std::uint8_t level,
                                     const std::optional<MqttReason>& reason);

template <>
struct EnumNames<MqttType> {
  static constexpr std::array kValues{
      std::pair<std::string_view, MqttType>{"connect", MqttType::kConnect},
      std::pair<std::string_view, MqttType>{"connack", MqttType::kConnack},
      std::pair<std::string_view, MqttType>{"publish", MqttType::kPublish},
      std::pair<std::string_view, MqttType>{"puback", MqttType::kPuback},
      std::pair<std::string_view, MqttType>{"pubrec", MqttType::kPubrec},
      std::pair<std::string_view, MqttType>{"pubrel", MqttType::kPubrel},
      std::pair<std::string_view, MqttType>{"pubcomp", MqttType::kPubcomp},
      std::pair<std::string_view, MqttType>{"subscribe", MqttType::kSubscribe},
      std::pair<std::string_view, MqttType>{"suback", MqttType::kSuback},
      std::pair<std::string_view, MqttType>{"unsubscribe", MqttType::kUnsubscribe},
      std::pair<std::string_view, MqttType>{"unsuback", MqttType::kUnsuback},
      std::pair<std::string_view, MqttType>{"pingreq", MqttType::kPingreq},
      std::pair<std::string_view, MqttType>{"pingresp", MqttType::kPingresp},
      std::pair<std::string_view, MqttType>{"disconnect", MqttType::kDisconnect},
      std::pair<std::string_view, MqttType>{"auth", MqttType::kAuth}};
};

}  // namespace brownout::rules
