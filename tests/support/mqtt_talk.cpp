#include <array>
#include <map>
#include <optional>

#include "rules/protocols/mqtt/codec/mqtt.h"
#include "tests/support/message_talk.h"

namespace brownout::test {
namespace {

using rules::Direction;
using rules::MqttPacket;
using rules::MqttPropertyId;
using rules::MqttType;

constexpr std::array<const char*, 4> kTopics{"chat/ann", "chat/bob", "sensors/1", "news"};
constexpr std::uint32_t kMostAlias = 3;

class MqttGenerator final : public MessageGenerator {
 public:
  explicit MqttGenerator(std::uint8_t level) : level_(level) {}

  void open(ConversationWriter& writer) override {
    MqttPacket connect{.type = MqttType::kConnect};
    connect.connect = rules::MqttConnect{
        .level = level_, .keep_alive = 60, .client_id = "phone", .user_name = "ann"};
    MqttPacket connack{.type = MqttType::kConnack, .session_present = writer.chance(50)};
    if (level_ == rules::kMqtt5) {
      for (auto* packet : {&connect, &connack}) {
        packet->properties.push_back(
            {.id = MqttPropertyId::kTopicAliasMaximum, .number = kMostAlias});
        // Some peers do not limit messages in flight, because they omit the property. A maximum of
        // 1 equals the value that the fault mqtt_receive_maximum sets.
        if (writer.chance(60)) {
          packet->properties.push_back(
              {.id = MqttPropertyId::kReceiveMaximum, .number = writer.chance(20) ? 1U : 20U});
        }
      }
    }
    writer.client(wire(connect));
    writer.pause(100ms);
    writer.server(wire(connack));
  }

  void turn(ConversationWriter& writer) override {
    switch (writer.below(6)) {
      case 0:
        writer.client(wire({.type = MqttType::kPingreq}));
        writer.pause(50ms);
        return writer.server(wire({.type = MqttType::kPingresp}));
      case 1:
        return subscribe(writer);
      default:
        return publish(writer, writer.any_direction());
    }
  }

  std::string message(ConversationWriter& writer, Direction direction) override {
    return published(writer, direction, 0, 0);
  }

 private:
  std::string wire(const MqttPacket& packet, std::string_view payload = {}) const {
    return std::string(
        codecs::text_of(codecs::write_mqtt(packet, level_, codecs::bytes_of(payload))));
  }

  void subscribe(ConversationWriter& writer) {
    const auto id = next_id(writer);
    writer.client(
        wire({.type = MqttType::kSubscribe, .id = id, .filters = {{kTopics[writer.below(4)], 1}}}));
    writer.pause(50ms);
    writer.server(wire({.type = MqttType::kSuback, .id = id, .reasons = {1}}));
  }

  void publish(ConversationWriter& writer, Direction direction) {
    const auto qos = static_cast<std::uint8_t>(writer.below(3));
    const auto id = qos > 0 ? next_id(writer) : std::uint16_t{0};
    const auto back =
        direction == Direction::kUpstream ? Direction::kDownstream : Direction::kUpstream;
    writer.send(direction, published(writer, direction, qos, id));
    if (qos == 0) return;
    writer.pause(50ms);
    if (qos == 1) return writer.send(back, wire({.type = MqttType::kPuback, .id = id}));
    writer.send(back, wire({.type = MqttType::kPubrec, .id = id}));
    writer.pause(50ms);
    writer.send(direction, wire({.type = MqttType::kPubrel, .id = id}));
    writer.pause(50ms);
    writer.send(back, wire({.type = MqttType::kPubcomp, .id = id}));
  }

  std::string published(ConversationWriter& writer, Direction direction, std::uint8_t qos,
                        std::uint16_t id) {
    MqttPacket packet{.type = MqttType::kPublish,
                      .qos = qos,
                      .retain = writer.chance(20),
                      .id = id,
                      .topic = kTopics[writer.below(kTopics.size())]};
    if (level_ == rules::kMqtt5) add_alias(writer, direction, packet);
    return wire(packet, writer.words());
  }

  // Adds a topic alias, either its definition or its use in place of the topic.
  void add_alias(ConversationWriter& writer, Direction direction, MqttPacket& packet) {
    if (!writer.chance(40)) return;
    const auto alias = 1 + static_cast<std::uint32_t>(writer.below(kMostAlias));
    packet.properties.push_back({.id = MqttPropertyId::kTopicAlias, .number = alias});
    auto& known = aliases_[static_cast<std::size_t>(direction)][alias];
    if (!known.empty() && writer.chance(60)) {
      packet.topic.clear();
    } else {
      known = packet.topic;
    }
  }

  static std::uint16_t next_id(ConversationWriter& writer) {
    return static_cast<std::uint16_t>(writer.next_number());
  }

  std::uint8_t level_;
  std::array<std::map<std::uint32_t, std::string>, 2> aliases_;
};

}  // namespace

std::unique_ptr<MessageGenerator> mqtt_generator(std::uint8_t level) {
  return std::make_unique<MqttGenerator>(level);
}

}  // namespace brownout::test
