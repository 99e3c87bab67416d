// MQTT as rules see it: one control packet of MQTT 3.1 (IBM, 2010), 3.1.1 (OASIS, 2014) or 5.0
// (OASIS, 2019), taken apart. Section numbers are those of 5.0. The wire format is the codec's
// matter (rules/protocols/mqtt/codec/mqtt.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/schema/schema.h"

namespace brownout::rules {

// 2.1.2.
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

// The level that a CONNECT asks for.
inline constexpr std::uint8_t kMqtt31 = 3;
inline constexpr std::uint8_t kMqtt311 = 4;
inline constexpr std::uint8_t kMqtt5 = 5;

// 2.2.2.2. Those that rules read or write; any other number of the table there is kept as it came.
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
  std::uint32_t number = 0;  // of one with a number
  std::string text = {};     // of one with a text, or bytes; the name of a user property
  std::string value = {};    // of a user property
  friend bool operator==(const MqttProperty&, const MqttProperty&) = default;
};
using MqttProperties = std::vector<MqttProperty>;

// Null if there is none.
const MqttProperty* find_property(const MqttProperties& properties, MqttPropertyId id);

struct MqttWill {
  MqttProperties properties = {};
  std::string topic = {};
  std::string payload = {};
  std::uint8_t qos = 0;
  bool retain = false;
  friend bool operator==(const MqttWill&, const MqttWill&) = default;
};

// 3.1.
struct MqttConnect {
  std::uint8_t level = kMqtt311;
  bool bridge = false;  // another broker: it adds 0x80 to the level (mosquitto, mosquitto.conf(5))
  bool clean_start = false;
  std::uint16_t keep_alive = 0;  // seconds; 0: none
  std::string client_id = {};
  std::optional<MqttWill> will = {};
  std::optional<std::string> user_name = {};
  std::optional<std::string> password = {};
  friend bool operator==(const MqttConnect&, const MqttConnect&) = default;
};

struct MqttFilter {
  std::string filter = {};
  std::uint8_t options = 0;  // 3.8.3.1; of 3.1.1 the QoS alone; 0 of an UNSUBSCRIBE
  friend bool operator==(const MqttFilter&, const MqttFilter&) = default;
};

// Which members mean something follows from the type; the payload of a PUBLISH stands beside it.
struct MqttPacket {
  MqttType type = MqttType::kPingreq;
  bool dup = false;      // of a PUBLISH; in 3.1 of PUBREL, SUBSCRIBE and UNSUBSCRIBE, too
  std::uint8_t qos = 0;  // of a PUBLISH, as the next
  bool retain = false;
  std::uint16_t id = 0;          // of a PUBLISH above QoS 0, (UN)SUBSCRIBE, and what answers
  std::uint8_t reason = 0;       // of 3.1.1 the return code of a CONNACK
  bool session_present = false;  // of a CONNACK
  std::string topic = {};        // of a PUBLISH, as it came: empty where an alias stands for it
  std::vector<MqttFilter> filters = {};    // of (UN)SUBSCRIBE
  std::vector<std::uint8_t> reasons = {};  // of SUBACK and UNSUBACK
  MqttProperties properties = {};          // 5.0
  std::optional<MqttConnect> connect = {};
  friend bool operator==(const MqttPacket&, const MqttPacket&) = default;
};

// 4.7: + is one level, # the rest; neither at the beginning means topics that begin with $.
bool topic_matches(std::string_view filter, std::string_view topic);
struct TopicFilter {
  std::string text;
};
template <>
struct ValueKind<TopicFilter> {
  static std::string name() { return "topic filter"; }
  static Result<TopicFilter> read(const Node& node);  // 4.7.1
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

// A reason code of 5.0 (2.4), or what a CONNACK of 3.1.1 returns (3.2.2.3 there).
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

// What a server answers to a packet that it does not want: CONNACK, SUBACK, UNSUBACK, PUBACK or
// PUBREC. None where it has no such answer (3.1: to anything but a CONNECT). Without a reason:
// server unavailable, or unspecified.
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
