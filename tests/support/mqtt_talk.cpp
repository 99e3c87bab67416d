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

class MqttPartners final : public Partners {
 public:
  explicit MqttPartners(std::uint8_t level) : level_(level) {}

  void open(Talker& talker) override {
    MqttPacket connect{.type = MqttType::kConnect};
    connect.connect = rules::MqttConnect{
        .level = level_, .keep_alive = 60, .client_id = "phone", .user_name = "ann"};
    MqttPacket connack{.type = MqttType::kConnack, .session_present = talker.chance(50)};
    if (level_ == rules::kMqtt5) {
      for (auto* packet : {&connect, &connack}) {
        packet->properties.push_back(
            {.id = MqttPropertyId::kTopicAliasMaximum, .number = kMostAlias});
        // Without the property the maximum is unlimited. A maximum of 1 equals the value that the
        // fault sets.
        if (talker.chance(60)) {
          packet->properties.push_back(
              {.id = MqttPropertyId::kReceiveMaximum, .number = talker.chance(20) ? 1U : 20U});
        }
      }
    }
    talker.client(wire(connect));
    talker.pause(100ms);
    talker.server(wire(connack));
  }

  void turn(Talker& talker) override {
    switch (talker.below(6)) {
      case 0:
        talker.client(wire({.type = MqttType::kPingreq}));
        talker.pause(50ms);
        return talker.server(wire({.type = MqttType::kPingresp}));
      case 1:
        return subscribe(talker);
      default:
        return publish(talker, talker.any_direction());
    }
  }

  std::string message(Talker& talker, Direction direction) override {
    return published(talker, direction, 0, 0);
  }

 private:
  std::string wire(const MqttPacket& packet, std::string_view payload = {}) const {
    return std::string(
        codecs::text_of(codecs::write_mqtt(packet, level_, codecs::bytes_of(payload))));
  }

  void subscribe(Talker& talker) {
    const auto id = next_id(talker);
    talker.client(
        wire({.type = MqttType::kSubscribe, .id = id, .filters = {{kTopics[talker.below(4)], 1}}}));
    talker.pause(50ms);
    talker.server(wire({.type = MqttType::kSuback, .id = id, .reasons = {1}}));
  }

  void publish(Talker& talker, Direction direction) {
    const auto qos = static_cast<std::uint8_t>(talker.below(3));
    const auto id = qos > 0 ? next_id(talker) : std::uint16_t{0};
    const auto back =
        direction == Direction::kUpstream ? Direction::kDownstream : Direction::kUpstream;
    talker.say(direction, published(talker, direction, qos, id));
    if (qos == 0) return;
    talker.pause(50ms);
    if (qos == 1) return talker.say(back, wire({.type = MqttType::kPuback, .id = id}));
    talker.say(back, wire({.type = MqttType::kPubrec, .id = id}));
    talker.pause(50ms);
    talker.say(direction, wire({.type = MqttType::kPubrel, .id = id}));
    talker.pause(50ms);
    talker.say(back, wire({.type = MqttType::kPubcomp, .id = id}));
  }

  std::string published(Talker& talker, Direction direction, std::uint8_t qos, std::uint16_t id) {
    MqttPacket packet{.type = MqttType::kPublish,
                      .qos = qos,
                      .retain = talker.chance(20),
                      .id = id,
                      .topic = kTopics[talker.below(kTopics.size())]};
    if (level_ == rules::kMqtt5) add_alias(talker, direction, packet);
    return wire(packet, talker.words());
  }

  // Adds a topic alias: its definition, or its use in place of the topic.
  void add_alias(Talker& talker, Direction direction, MqttPacket& packet) {
    if (!talker.chance(40)) return;
    const auto alias = 1 + static_cast<std::uint32_t>(talker.below(kMostAlias));
    packet.properties.push_back({.id = MqttPropertyId::kTopicAlias, .number = alias});
    auto& known = aliases_[static_cast<std::size_t>(direction)][alias];
    if (!known.empty() && talker.chance(60)) {
      packet.topic.clear();
    } else {
      known = packet.topic;
    }
  }

  static std::uint16_t next_id(Talker& talker) {
    return static_cast<std::uint16_t>(talker.next_number());
  }

  std::uint8_t level_;
  std::array<std::map<std::uint32_t, std::string>, 2> aliases_;
};

}  // namespace

std::unique_ptr<Partners> mqtt_partners(std::uint8_t level) {
  return std::make_unique<MqttPartners>(level);
}

}  // namespace brownout::test
