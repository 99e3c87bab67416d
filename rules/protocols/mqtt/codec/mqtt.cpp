#include "rules/protocols/mqtt/codec/mqtt.h"

#include "rules/protocols/mqtt/codec/mqtt_fields.h"

namespace brownout::codecs {
namespace {

using rules::MqttConnect;
using rules::MqttPacket;
using rules::MqttType;
using rules::MqttWill;

// Required flags of PUBREL, SUBSCRIBE and UNSUBSCRIBE (MQTT 5.0, section 2.1.3).
constexpr std::uint8_t kFlagsOfRequests = 2;
// Flag in the byte of the protocol level: the client is a bridge, that is, another broker.
constexpr std::uint8_t kBridge = 0x80;
constexpr std::uint8_t kDup = 0x08;
constexpr std::uint8_t kReservedOfConnect = 0x01;
constexpr std::uint8_t kFlagsOfWill = 0x38;
constexpr std::uint8_t kUserName = 0x80;
constexpr std::uint8_t kPassword = 0x40;
constexpr std::uint8_t kWillRetain = 0x20;
constexpr std::uint8_t kWill = 0x04;
constexpr std::uint8_t kCleanStart = 0x02;

bool is_request(MqttType type) {
  return type == MqttType::kPubrel || type == MqttType::kSubscribe ||
         type == MqttType::kUnsubscribe;
}

std::uint8_t flags_of(const MqttPacket& packet, std::uint8_t level) {
  const unsigned dup = packet.dup ? kDup : 0U;
  if (packet.type == MqttType::kPublish) {
    return static_cast<std::uint8_t>(dup | unsigned{packet.qos} << 1 | (packet.retain ? 1U : 0U));
  }
  if (!is_request(packet.type)) return 0;
  return static_cast<std::uint8_t>(kFlagsOfRequests | (level == rules::kMqtt31 ? dup : 0U));
}

// Whether the flags, the low four bits of the first byte, are valid. For a CONNECT any flags are
// accepted, because its protocol level is not parsed yet.
bool may_have_flags(MqttType type, unsigned flags, std::uint8_t level) {
  if (type == MqttType::kPublish) return (flags >> 1 & 3) != 3;
  if (type == MqttType::kConnect || level == rules::kMqtt31) return true;
  return flags == flags_of({.type = type}, level);
}

// Reads a CONNECT (MQTT 5.0, section 3.1).
void read_connect(MqttFieldReader& in, MqttPacket& packet) {
  const auto name = in.text();
  auto& connect = packet.connect.emplace();
  const auto level = in.byte();
  connect.bridge = (level & kBridge) != 0;
  connect.level = static_cast<std::uint8_t>(level & ~kBridge);
  const bool v31 = connect.level == rules::kMqtt31;
  const bool known = name == "MQTT"
                         ? connect.level == rules::kMqtt311 || connect.level == rules::kMqtt5
                         : name == "MQIsdp" && v31;
  const auto flags = in.byte();
  if (!known || (!v31 && (flags & kReservedOfConnect) != 0)) return in.fail();
  connect.clean_start = (flags & kCleanStart) != 0;
  connect.keep_alive = in.number16();
  if (connect.level == rules::kMqtt5) packet.properties = in.properties();
  connect.client_id = in.text();
  if ((flags & kWill) != 0) {
    MqttWill will{.qos = static_cast<std::uint8_t>(flags >> 3 & 3),
                  .retain = (flags & kWillRetain) != 0};
    if (connect.level == rules::kMqtt5) will.properties = in.properties();
    will.topic = in.text();
    will.payload = in.binary();
    if (will.qos > 2) in.fail();
    connect.will = std::move(will);
  } else if (!v31 && (flags & kFlagsOfWill) != 0) {
    return in.fail();
  }
  // In MQTT 3.1, a field may be missing at the end of the packet even if its flag is set (MQTT
  // V3.1, section 3.1).
  const auto has = [&](std::uint8_t flag) { return (flags & flag) != 0 && !(v31 && in.empty()); };
  if (has(kUserName)) connect.user_name = in.text();
  if (has(kPassword)) connect.password = in.binary();
}

void write_connect(MqttFieldWriter& out, const MqttPacket& packet) {
  const auto& connect = *packet.connect;
  unsigned flags = connect.clean_start ? kCleanStart : 0U;
  if (connect.will) {
    flags |= kWill | unsigned{connect.will->qos} << 3 | (connect.will->retain ? kWillRetain : 0U);
  }
  if (connect.user_name) flags |= kUserName;
  if (connect.password) flags |= kPassword;
  out.text(connect.level == rules::kMqtt31 ? "MQIsdp" : "MQTT");
  out.byte(static_cast<std::uint8_t>(connect.level | (connect.bridge ? kBridge : 0U)));
  out.byte(static_cast<std::uint8_t>(flags));
  out.number16(connect.keep_alive);
  const bool v5 = connect.level == rules::kMqtt5;
  if (v5) out.properties(packet.properties);
  out.text(connect.client_id);
  if (connect.will) {
    if (v5) out.properties(connect.will->properties);
    out.text(connect.will->topic);
    out.text(connect.will->payload);
  }
  if (connect.user_name) out.text(*connect.user_name);
  if (connect.password) out.text(*connect.password);
}

void read_connack(MqttFieldReader& in, MqttPacket& packet, std::uint8_t level) {
  const auto flags = in.byte();
  if (flags > 1 && level != rules::kMqtt31) return in.fail();
  packet.session_present = flags == 1 && level != rules::kMqtt31;
  packet.reason = in.byte();
  // A server without support for 5.0 refuses with a CONNACK of 3.1.1, which has no properties.
  const bool older = packet.reason != 0 && in.empty();
  if (level == rules::kMqtt5 && !older) packet.properties = in.properties();
}

// Reads the reason code and properties of DISCONNECT, AUTH, or an acknowledgement of a PUBLISH.
// Both may be absent (MQTT 5.0, section 3.4.2.1).
void read_reason(MqttFieldReader& in, MqttPacket& packet, bool v5) {
  if (!v5 || in.empty()) return;
  packet.reason = in.byte();
  if (!in.empty()) packet.properties = in.properties();
}

void write_reason(MqttFieldWriter& out, const MqttPacket& packet, bool v5) {
  if (!v5 || (packet.reason == 0 && packet.properties.empty())) return;
  out.byte(packet.reason);
  if (!packet.properties.empty()) out.properties(packet.properties);
}

void read_filters(MqttFieldReader& in, MqttPacket& packet, bool options) {
  do {
    auto filter = in.text();
    packet.filters.push_back({std::move(filter), options ? in.byte() : std::uint8_t{0}});
  } while (!in.empty() && !in.failed());
}

void read_body(MqttFieldReader& in, MqttPacket& packet, std::uint8_t level) {
  const bool v5 = level == rules::kMqtt5;
  switch (packet.type) {
    case MqttType::kConnect:
      return read_connect(in, packet);
    case MqttType::kConnack:
      return read_connack(in, packet, level);
    case MqttType::kPublish:
      packet.topic = in.text();
      if (packet.qos > 0) packet.id = in.number16();
      if (v5) packet.properties = in.properties();
      return;
    case MqttType::kPuback:
    case MqttType::kPubrec:
    case MqttType::kPubrel:
    case MqttType::kPubcomp:
      packet.id = in.number16();
      return read_reason(in, packet, v5);
    case MqttType::kSubscribe:
    case MqttType::kUnsubscribe:
      packet.id = in.number16();
      if (v5) packet.properties = in.properties();
      return read_filters(in, packet, packet.type == MqttType::kSubscribe);
    case MqttType::kSuback:
    case MqttType::kUnsuback:
      packet.id = in.number16();
      if (v5) packet.properties = in.properties();
      while (!in.empty()) packet.reasons.push_back(in.byte());
      return;
    case MqttType::kDisconnect:
    case MqttType::kAuth:
      return read_reason(in, packet, v5);
    case MqttType::kPingreq:
    case MqttType::kPingresp:
      return;
  }
}

void write_body(MqttFieldWriter& out, const MqttPacket& packet, bool v5) {
  switch (packet.type) {
    case MqttType::kConnect:
      return write_connect(out, packet);
    case MqttType::kConnack:
      out.byte(packet.session_present ? 1 : 0);
      out.byte(packet.reason);
      break;
    case MqttType::kPublish:
      out.text(packet.topic);
      if (packet.qos > 0) out.number16(packet.id);
      break;
    case MqttType::kPuback:
    case MqttType::kPubrec:
    case MqttType::kPubrel:
    case MqttType::kPubcomp:
      out.number16(packet.id);
      return write_reason(out, packet, v5);
    case MqttType::kSubscribe:
    case MqttType::kUnsubscribe:
    case MqttType::kSuback:
    case MqttType::kUnsuback:
      out.number16(packet.id);
      break;
    case MqttType::kDisconnect:
    case MqttType::kAuth:
      return write_reason(out, packet, v5);
    case MqttType::kPingreq:
    case MqttType::kPingresp:
      return;
  }
  if (v5) out.properties(packet.properties);
  for (const auto& subscription : packet.filters) {
    out.text(subscription.filter);
    if (packet.type == MqttType::kSubscribe) out.byte(subscription.options);
  }
  for (const auto reason : packet.reasons) out.byte(reason);
}

MqttPacket begin_packet(const MqttHead& head, std::byte first, std::uint8_t level) {
  MqttPacket packet{.type = head.type};
  const auto flags = std::to_integer<unsigned>(first);
  const bool publish = packet.type == MqttType::kPublish;
  const bool again = is_request(packet.type) && level == rules::kMqtt31;
  packet.dup = (publish || again) && (flags & kDup) != 0;
  if (!publish) return packet;
  packet.qos = static_cast<std::uint8_t>(flags >> 1 & 3);
  packet.retain = (flags & 1) != 0;
  return packet;
}

}  // namespace

MqttHead read_mqtt_head(ByteView bytes, std::uint8_t level) {
  MqttHead head;
  if (bytes.empty()) return head;
  const auto first = std::to_integer<unsigned>(bytes[0]);
  head.type = static_cast<MqttType>(first >> 4);
  if (first >> 4 == 0 || !may_have_flags(head.type, first & 15, level)) {
    head.state = MqttHead::State::kBroken;
    return head;
  }
  for (std::size_t i = 0; i < 4 && i + 1 < bytes.size(); ++i) {
    const auto byte = std::to_integer<std::size_t>(bytes[i + 1]);
    head.rest |= (byte & 127) << (7 * i);
    if ((byte & 128) == 0) {
      head.state = MqttHead::State::kHead;
      head.size = i + 2;
      return head;
    }
    if (i == 3) head.state = MqttHead::State::kBroken;
  }
  return head;
}

std::optional<rules::MqttPacket> read_publish(ByteView begin, std::uint8_t level) {
  const auto head = read_mqtt_head(begin, level);
  if (head.state != MqttHead::State::kHead || head.type != MqttType::kPublish) return std::nullopt;
  auto packet = begin_packet(head, begin[0], level);
  MqttFieldReader in(begin.subspan(head.size));
  read_body(in, packet, level);
  return in.failed() ? std::nullopt : std::optional(std::move(packet));
}

std::optional<MqttMessage> read_mqtt(ByteView bytes, std::uint8_t level) {
  const auto head = read_mqtt_head(bytes, level);
  if (head.state != MqttHead::State::kHead || bytes.size() != head.size + head.rest) {
    return std::nullopt;
  }
  MqttMessage message{.packet = begin_packet(head, bytes[0], level), .payload = {}};
  MqttFieldReader in(bytes.subspan(head.size));
  read_body(in, message.packet, level);
  if (in.failed()) return std::nullopt;
  const auto& connect = message.packet.connect;
  const bool flags = (octet(bytes, 0) & 15) != 0;
  if (connect && flags && connect->level != rules::kMqtt31) return std::nullopt;
  if (head.type == MqttType::kPublish) {
    message.payload = in.rest();
  } else if (!in.empty()) {
    return std::nullopt;
  }
  return message;
}

Bytes write_mqtt(const MqttPacket& packet, std::uint8_t level, ByteView payload) {
  MqttFieldWriter body;
  write_body(body, packet, level == rules::kMqtt5);
  if (packet.type == MqttType::kPublish) body.bytes(payload);
  MqttFieldWriter whole;
  const auto type = static_cast<unsigned>(packet.type);
  whole.byte(static_cast<std::uint8_t>(type << 4 | flags_of(packet, level)));
  whole.length(body.size());
  whole.bytes(body.view());
  return whole.take();
}

}  // namespace brownout::codecs
