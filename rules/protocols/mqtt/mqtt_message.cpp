#include "rules/protocols/mqtt/mqtt_message.h"

#include <algorithm>

#include "rules/message/trace.h"
#include "rules/schema/text_pattern.h"

namespace brownout::rules {
namespace {

using MqttPatterns = std::vector<TextPattern>;

bool is_publish(const MqttMessage& message) { return message.packet.type == MqttType::kPublish; }

bool has_reason(const MqttPacket& packet, MqttReason reason) {
  switch (packet.type) {
    case MqttType::kConnack:
    case MqttType::kPuback:
    case MqttType::kPubrec:
    case MqttType::kPubrel:
    case MqttType::kPubcomp:
    case MqttType::kDisconnect:
    case MqttType::kAuth:
      return packet.reason == reason.code;
    default:
      return std::find(packet.reasons.begin(), packet.reasons.end(), reason.code) !=
             packet.reasons.end();
  }
}

bool has_property(const MqttMessage& message, const HeaderPattern& wanted) {
  const auto& properties = message.packet.properties;
  return std::any_of(properties.begin(), properties.end(), [&](const MqttProperty& property) {
    return property.id == MqttPropertyId::kUserProperty && property.text == wanted.name &&
           wanted.value.matches(property.value);
  });
}

template <class T>
MessageKey mqtt_key(std::string name, std::string meaning,
                    bool (*matches)(const MqttMessage&, const T&), SenderOf<T> sender = nullptr) {
  return message_key<MqttMessage, T>(std::move(name), std::move(meaning), matches, {}, sender);
}

// Returns who alone sends packets of the type (MQTT 5.0, 2.1.2); no value if both peers do.
std::optional<Sender> sender_of_packet(MqttType type) {
  switch (type) {
    case MqttType::kConnect:
    case MqttType::kSubscribe:
    case MqttType::kUnsubscribe:
    case MqttType::kPingreq:
      return Sender::kClient;
    case MqttType::kConnack:
    case MqttType::kSuback:
    case MqttType::kUnsuback:
    case MqttType::kPingresp:
      return Sender::kServer;
    default:
      return std::nullopt;
  }
}

void tell_packet(const MqttMessage& message, const Tell& tell) {
  const auto& packet = message.packet;
  tell("packet", name_of(packet.type));
  if (is_publish(message)) {
    tell("topic", message.topic);
    tell("qos", std::to_string(packet.qos));
    if (packet.retain) tell("retain", "true");
    if (packet.dup) tell("dup", "true");
  }
  const auto* client = packet.connect ? &*packet.connect : message.client.get();
  if (client != nullptr) {
    tell("client_id", client->client_id);
    if (client->user_name) tell("user_name", *client->user_name);
  }
  if (packet.reason != 0) tell("reason", std::to_string(packet.reason));
  const auto find = [&](std::string_view name) -> std::optional<std::string_view> {
    for (const auto& property : packet.properties) {
      const bool user = property.id == MqttPropertyId::kUserProperty;
      if (user && property.text == name) return property.value;
    }
    return std::nullopt;
  };
  tell_trace(find, tell);
}

// Returns the match keys for PUBLISH packets.
std::vector<MessageKey> publish_keys() {
  return {mqtt_key<std::vector<TopicFilter>>(
              "topic",
              "only messages published to topics that match one of these filters, with + and #",
              [](const auto& message, const auto& filters) {
                return is_publish(message) &&
                       std::any_of(filters.begin(), filters.end(), [&](const TopicFilter& filter) {
                         return topic_matches(filter.text, message.topic);
                       });
              }),
          mqtt_key<std::vector<MqttQos>>("qos", "only messages published with this QoS",
                                         [](const auto& message, const auto& wanted) {
                                           return is_publish(message) &&
                                                  std::find(wanted.begin(), wanted.end(),
                                                            MqttQos{message.packet.qos}) !=
                                                      wanted.end();
                                         }),
          mqtt_key<bool>("retain", "only messages published with (true) or without (false) RETAIN",
                         [](const auto& message, const bool& wanted) {
                           return is_publish(message) && message.packet.retain == wanted;
                         }),
          mqtt_key<bool>("dup", "only messages published with (true) or without (false) DUP",
                         [](const auto& message, const bool& wanted) {
                           return is_publish(message) && message.packet.dup == wanted;
                         })};
}

// Returns the match keys for any packet and for its connection.
std::vector<MessageKey> packet_keys() {
  return {mqtt_key<MqttPatterns>(
              "client_id", "only connections with these client identifiers; patterns as for path",
              [](const auto& message, const auto& wanted) {
                return message.client && any_matches(wanted, message.client->client_id);
              }),
          mqtt_key<MqttPatterns>("user_name",
                                 "only connections with these user names; patterns as for path",
                                 [](const auto& message, const auto& wanted) {
                                   return message.client && message.client->user_name &&
                                          any_matches(wanted, *message.client->user_name);
                                 }),
          mqtt_key<std::vector<MqttReason>>(
              "reason",
              "only packets with this reason code, or CONNACK packets of MQTT 3.1.1 with this "
              "return code",
              [](const auto& message, const auto& wanted) {
                return std::any_of(wanted.begin(), wanted.end(), [&](MqttReason reason) {
                  return has_reason(message.packet, reason);
                });
              }),
          headers_key<MqttMessage>("user_property", R"(tenant = "blue*")",
                                   "only packets of MQTT 5.0 with all of these user properties: "
                                   "{ tenant = \"blue*\" }",
                                   has_property)};
}

// Reads the topic that the synthetic users of a rehearsal publish to.
std::shared_ptr<const ProtocolOption> read_topic(const Node& node, Diagnostics& problems) {
  auto topic = detail::read_value<std::string>("topic", node, {}, problems);
  if (!topic) return nullptr;
  if (topic->empty() || topic->find_first_of("+#") != std::string::npos) {
    problems.add(node.where, in_quotes(*topic) + " is not a topic to which a client can publish",
                 "leave out + and #: each user publishes to its topic and subscribes to it");
    return nullptr;
  }
  return std::make_shared<const OptionValue<std::string>>(std::move(*topic));
}

// Reads the reason code of a refusal, which must not be a code of success.
std::shared_ptr<const ProtocolOption> read_refusal_reason(const Node& node, Diagnostics& problems) {
  auto reason = detail::read_value<MqttReason>("reason", node, {}, problems);
  if (!reason) return nullptr;
  const auto code = reason->code;
  if (code == 0 || (code > 5 && code < 0x80)) {
    problems.add(node.where,
                 "reason " + std::to_string(code) + " is not the reason code of a refusal",
                 "1 to 5 (a CONNACK of MQTT 3.1.1), or 128 to 255 (MQTT 5.0), e.g. 135 (not "
                 "authorized)");
    return nullptr;
  }
  return std::make_shared<const OptionValue<MqttReason>>(*reason);
}

class MqttProtocol final : public MessageProtocol {
 public:
  std::string_view name() const override { return "mqtt"; }
  std::string_view title() const override { return "MQTT"; }

  bool has_websockets() const override { return true; }
  bool has_requests() const override { return true; }

  std::vector<MessageKey> keys() const override {
    std::vector<MessageKey> keys{mqtt_key<std::vector<MqttType>>(
        "packet", "only packets of these types",
        [](const auto& message, const auto& types) {
          return std::find(types.begin(), types.end(), message.packet.type) != types.end();
        },
        [](const auto& types) { return sender_of_all(types, sender_of_packet); })};
    for (auto& key : publish_keys()) keys.push_back(std::move(key));
    for (auto& key : packet_keys()) keys.push_back(std::move(key));
    return keys;
  }
  void describe(const Message& message, const Tell& tell) const override {
    tell_packet(view(message), tell);
  }
  // For rules, the size is that of the whole packet in bytes; 0 for a packet that a rule generates.
  std::string_view about_size() const override { return "that of the packet"; }
  std::size_t size(const Message& message, std::span<const std::byte>) const override {
    return message.wire.size();
  }
  std::string_view about_text() const override {
    return "only messages published with a payload that matches these patterns (as for path)";
  }
  std::optional<std::string_view> text(const Message& message,
                                       std::span<const std::byte> payload) const override {
    if (!is_publish(view(message))) return std::nullopt;
    return text_of(payload);
  }

  bool has_acknowledgements() const override { return true; }
  bool acknowledges(const Message& message) const override {
    const auto type = view(message).packet.type;
    return type == MqttType::kPuback || type == MqttType::kPubrec || type == MqttType::kPubrel ||
           type == MqttType::kPubcomp;
  }
  bool ends_conversation(const Message& message) const override {
    return view(message).packet.type == MqttType::kDisconnect;
  }
  // The payload of a PUBLISH must be valid UTF-8 if a property says so (MQTT 5.0, section
  // 3.3.2.3.2).
  bool must_be_text(const Message& message) const override {
    const auto& packet = view(message).packet;
    const auto* format = find_property(packet.properties, MqttPropertyId::kPayloadFormat);
    return packet.type == MqttType::kPublish && format != nullptr && format->number == 1;
  }
  std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) const override {
    const auto& message = view(*chunk.message());
    if (!is_publish(message)) return std::nullopt;
    return message_chunk(
        *this, std::make_shared<const MqttMessage>(message.packet, message.client, message.topic),
        text);
  }

  std::optional<Refusal> refuse(const Chunk& asked, const RefusalOptions& how) const override {
    const auto& message = view(*asked.message());
    const auto& packet = message.packet;
    const auto level = packet.connect   ? packet.connect->level
                       : message.client ? message.client->level
                                        : kMqtt311;
    const auto* reason = how.options.of<MqttReason>(*this, "reason");
    auto answer =
        refusal_of(packet, level, reason != nullptr ? std::optional(*reason) : std::nullopt);
    if (!answer) return std::nullopt;
    const bool ends = answer->type == MqttType::kConnack;
    return Refusal{mqtt_chunk(std::move(*answer), message), ends};
  }
  std::vector<OptionKey> refusal_keys() const override {
    auto reason = option_key<MqttReason>(
        "reason",
        "reason code of the refusal; left out, \"server unavailable\" for a CONNECT and "
        "\"unspecified error\" for other packets. MQTT 3.1 and 3.1.1 allow 1 to 5 in a CONNACK; a "
        "SUBACK may have only 128 in 3.1.1, and none in 3.1",
        "none");
    reason.read = read_refusal_reason;
    return {reason};
  }
  bool has_users() const override { return true; }
  std::vector<OptionKey> user_keys() const override {
    auto topic = option_key<std::string>(
        "topic", "prefix of the topics: each user has its own topic below it",
        in_quotes(kUsersTopic));
    topic.read = read_topic;
    return {topic, option_key<std::int64_t>("qos", "QoS of messages and subscriptions",
                                            std::to_string(kUsersQos), {.least = 0, .most = 2})};
  }
  std::optional<Chunk> pong(const Chunk& ping) const override {
    const auto& message = view(*ping.message());
    if (message.packet.type != MqttType::kPingreq) return std::nullopt;
    return mqtt_chunk({.type = MqttType::kPingresp}, message);
  }

  std::vector<ExplainOption> explain_options() const override {
    return {{"packet", "type of the packet (publish)", names_of<MqttType>(), true, true},
            {"topic", "topic of a publish", {}, true},
            {.name = "qos",
             .meaning = "QoS of a publish (0)",
             .values = {"0", "1", "2"},
             .is_value = true},
            {"client-id", "client identifier of the connection", {}, true},
            {"user-name", "user name of the connection"}};
  }
  Message message_from_options(const OptionValue& of) const override {
    MqttPacket packet{.type = value_named<MqttType>(of("packet")).value_or(MqttType::kPublish)};
    packet.topic = of("topic");
    if (const auto qos = of("qos"); !qos.empty()) {
      packet.qos = static_cast<std::uint8_t>(qos.front() - '0');
    }
    MqttConnect client{.client_id = of("client-id")};
    if (const auto user = of("user-name"); !user.empty()) client.user_name = user;
    const auto topic = packet.topic;
    return {.protocol = this,
            .view = std::make_shared<const MqttMessage>(
                std::move(packet), std::make_shared<const MqttConnect>(std::move(client)), topic)};
  }

 private:
  static const MqttMessage& view(const Message& message) { return *view_as<MqttMessage>(&message); }
};

}  // namespace

const MessageProtocol& MqttMessage::protocol() {
  static const MqttProtocol protocol;
  return protocol;
}

Chunk mqtt_chunk(MqttPacket packet, const MqttMessage& message) {
  return message_chunk(MqttMessage::protocol(),
                       std::make_shared<const MqttMessage>(std::move(packet), message.client));
}

}  // namespace brownout::rules
