// Tests reading and writing packets of MQTT 3.1, 3.1.1 and 5.0. A packet that is written and read
// again is the same, and malformed packets are rejected.
#include "rules/protocols/mqtt/codec/mqtt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace brownout::codecs {
namespace {

using rules::MqttPacket;
using rules::MqttPropertyId;
using rules::MqttType;
using HeadState = MqttHead::State;

std::string bytes(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text += static_cast<char>(value);
  return text;
}

std::vector<MqttPacket> every_type(std::uint8_t level) {
  const bool v5 = level == rules::kMqtt5;
  rules::MqttProperties properties;
  if (v5) {
    properties = {{.id = MqttPropertyId::kUserProperty, .text = "tenant", .value = "blue"},
                  {.id = MqttPropertyId::kReasonString, .text = "because"}};
  }
  MqttPacket connect{.type = MqttType::kConnect, .properties = properties};
  connect.connect = rules::MqttConnect{
      .level = level,
      .keep_alive = 30,
      .client_id = "phone",
      .will = rules::MqttWill{.topic = "gone", .payload = "now", .qos = 1, .retain = true},
      .user_name = "ann",
      .password = std::string("\0\1", 2)};
  std::vector<MqttPacket> all{connect};
  all.push_back({.type = MqttType::kConnack, .reason = 5, .properties = properties});
  all.push_back({.type = MqttType::kConnack, .session_present = level != rules::kMqtt31});
  all.push_back({.type = MqttType::kPublish, .retain = true, .topic = "a/b"});
  all.push_back({.type = MqttType::kPublish,
                 .dup = true,
                 .qos = 2,
                 .id = 65535,
                 .topic = "a/b",
                 .properties = properties});
  for (const auto type :
       {MqttType::kPuback, MqttType::kPubrec, MqttType::kPubrel, MqttType::kPubcomp}) {
    all.push_back({.type = type, .id = 7});
    if (v5) all.push_back({.type = type, .id = 7, .reason = 0x92, .properties = properties});
    if (v5) all.push_back({.type = type, .id = 7, .reason = 0x80});
  }
  all.push_back({.type = MqttType::kSubscribe,
                 .id = 8,
                 .filters = {{"a/#", 1}, {"b/+", 2}},
                 .properties = properties});
  all.push_back(
      {.type = MqttType::kSuback, .id = 8, .reasons = {1, 0x80}, .properties = properties});
  all.push_back({.type = MqttType::kUnsubscribe,
                 .id = 9,
                 .filters = {{"a/#"}, {"b"}},
                 .properties = properties});
  all.push_back({.type = MqttType::kUnsuback, .id = 9});
  all.push_back({.type = MqttType::kPingreq});
  all.push_back({.type = MqttType::kPingresp});
  all.push_back({.type = MqttType::kDisconnect});
  if (v5) all.push_back({.type = MqttType::kDisconnect, .reason = 0x89, .properties = properties});
  if (v5) all.push_back({.type = MqttType::kAuth, .reason = 0x18, .properties = properties});
  return all;
}

TEST(Mqtt, EveryPacketTypeRoundTrips) {
  for (const std::uint8_t level : {std::uint8_t{3}, rules::kMqtt311, rules::kMqtt5}) {
    for (const auto& packet : every_type(level)) {
      const auto payload = bytes_of(packet.type == MqttType::kPublish ? "hello" : "");
      const auto wire = write_mqtt(packet, level, payload);
      const auto read = read_mqtt(wire, level);
      ASSERT_TRUE(read) << rules::name_of(packet.type) << " of level " << int{level};
      EXPECT_EQ(read->packet, packet) << rules::name_of(packet.type) << " of level " << int{level};
      EXPECT_EQ(text_of(read->payload), text_of(payload));
      // No prefix of a packet is a valid packet.
      for (std::size_t size = 0; size < wire.size(); ++size) {
        EXPECT_FALSE(read_mqtt(ByteView(wire).first(size), level));
      }
    }
  }
}

TEST(Mqtt, WritesTheBytesOfTheStandardsExamples) {
  // The example CONNECT of MQTT 3.1.1, figure 3.6, with a client identifier added.
  const auto connect =
      bytes({0x10, 17, 0, 4, 'M', 'Q', 'T', 'T', 4, 0x02, 0, 10, 0, 5, 'p', 'h', 'o', 'n', 'e'});
  const auto read = read_mqtt(bytes_of(connect), rules::kMqtt311);
  ASSERT_TRUE(read && read->packet.connect);
  EXPECT_EQ(read->packet.connect->client_id, "phone");
  EXPECT_EQ(read->packet.connect->keep_alive, 10);
  EXPECT_TRUE(read->packet.connect->clean_start);
  EXPECT_EQ(text_of(write_mqtt(read->packet, rules::kMqtt311)), connect);
  const auto publish = bytes({0x3b, 9, 0, 3, 'a', '/', 'b', 0, 10, 'h', 'i'});
  EXPECT_EQ(text_of(write_mqtt({.type = MqttType::kPublish,
                                .dup = true,
                                .qos = 1,
                                .retain = true,
                                .id = 10,
                                .topic = "a/b"},
                               rules::kMqtt311, bytes_of("hi"))),
            publish);
}

TEST(Mqtt, RemainingLengthHasAtMostFourBytes) {
  EXPECT_EQ(read_mqtt_head(bytes_of(bytes({0x30}))).state, HeadState::kMore);
  EXPECT_EQ(read_mqtt_head(bytes_of(bytes({0x30, 0x80, 0x80, 0x80}))).state, HeadState::kMore);
  const auto most = read_mqtt_head(bytes_of(bytes({0x30, 0xff, 0xff, 0xff, 0x7f})));
  EXPECT_EQ(most.state, HeadState::kHead);
  EXPECT_EQ(most.rest, 268'435'455U);
  EXPECT_EQ(read_mqtt_head(bytes_of(bytes({0x30, 0xff, 0xff, 0xff, 0xff}))).state,
            HeadState::kBroken);
}

TEST(Mqtt, RejectsMalformedPackets) {
  for (const auto first : {0x00, 0x36, 0x60, 0x80, 0x21}) {
    EXPECT_EQ(read_mqtt_head(bytes_of(bytes({first, 0}))).state, HeadState::kBroken) << first;
  }
  const auto broken = [](std::initializer_list<int> values, std::uint8_t level) {
    return !read_mqtt(bytes_of(bytes(values)), level);
  };
  EXPECT_TRUE(broken({0xc0, 1, 0}, rules::kMqtt311)) << "PINGREQ with a payload";
  EXPECT_TRUE(broken({0x30, 3, 0, 5, 'a'}, rules::kMqtt311)) << "a topic that goes beyond";
  EXPECT_TRUE(broken({0x30, 3, 0, 1, 0}, rules::kMqtt311)) << "U+0000 in a topic";
  EXPECT_TRUE(broken({0x20, 2, 2, 0}, rules::kMqtt311)) << "a reserved flag of CONNACK";
  EXPECT_TRUE(broken({0x82, 2, 0, 1}, rules::kMqtt311)) << "SUBSCRIBE without a filter";
  EXPECT_TRUE(broken({0x20, 5, 0, 0, 2, 0x7f, 0}, rules::kMqtt5)) << "an unknown property";
  EXPECT_TRUE(broken({0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 9, 2, 0, 0, 0, 0}, rules::kMqtt311))
      << "an unknown version";
  EXPECT_TRUE(broken({0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 0x89, 2, 0, 0, 0, 0}, rules::kMqtt311))
      << "a bridge of an unknown version";
  EXPECT_TRUE(broken({0x11, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0, 0, 0}, rules::kMqtt311))
      << "a reserved flag of CONNECT";
}

TEST(Mqtt, BridgeSetsAFlagInTheLevel) {
  for (const auto& [name, level] :
       {std::pair{"MQTT", 4}, std::pair{"MQTT", 5}, std::pair{"MQIsdp", 3}}) {
    MqttPacket packet{.type = MqttType::kConnect};
    packet.connect = rules::MqttConnect{.level = static_cast<std::uint8_t>(level),
                                        .bridge = true,
                                        .clean_start = true,
                                        .client_id = "site-2.bridge"};
    const auto wire = write_mqtt(packet, packet.connect->level);
    EXPECT_EQ(octet(wire, 4 + std::string_view(name).size()), 0x80 | level);
    const auto read = read_mqtt(wire, rules::kMqtt311);
    ASSERT_TRUE(read) << level;
    EXPECT_EQ(read->packet, packet);
  }
}

// MQTT V3.1, sections 2.1, 3.1, 3.2, 3.6, 3.8 and 3.10.
TEST(Mqtt, AcceptsAnyValueInUnusedBitsOfMqtt31) {
  const auto read = [](std::initializer_list<int> values, std::uint8_t level = rules::kMqtt31) {
    return read_mqtt(bytes_of(bytes(values)), level);
  };
  const auto pubrel = read({0x6a, 2, 0, 7});
  ASSERT_TRUE(pubrel);
  EXPECT_TRUE(pubrel->packet.dup);
  EXPECT_EQ(text_of(write_mqtt(pubrel->packet, rules::kMqtt31)), bytes({0x6a, 2, 0, 7}));
  EXPECT_TRUE(read({0x8a, 6, 0, 8, 0, 1, 'a', 1}));
  EXPECT_TRUE(read({0xaa, 5, 0, 9, 0, 1, 'a'}));
  EXPECT_TRUE(read({0x48, 2, 0, 7})) << "PUBACK with DUP";
  EXPECT_TRUE(read({0x20, 2, 3, 0})) << "CONNACK, whose first byte is reserved";
  EXPECT_FALSE(read({0x36, 3, 0, 1, 'a'})) << "QoS 3";
  const auto connect = read({0x12, 14, 0, 6, 'M', 'Q', 'I', 's', 'd', 'p', 3, 0xc3, 0, 9, 0, 0});
  ASSERT_TRUE(connect) << "flags of a user name and a password that are not there";
  EXPECT_FALSE(connect->packet.connect->user_name);
  for (const auto level : {rules::kMqtt311, rules::kMqtt5}) {
    EXPECT_FALSE(read({0x6a, 2, 0, 7}, level));
    EXPECT_FALSE(read({0x48, 2, 0, 7}, level));
  }
}

TEST(Mqtt, ReadsARefusalOfMqtt5WithoutProperties) {
  const auto read = read_mqtt(bytes_of(bytes({0x20, 2, 0, 1})), rules::kMqtt5);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->packet.reason, 1);
  EXPECT_FALSE(read_mqtt(bytes_of(bytes({0x20, 2, 0, 0})), rules::kMqtt5))
      << "an accepting CONNACK needs properties";
}

TEST(Mqtt, TruncatesALongTextBetweenCharacters) {
  std::string topic(65'534, 'x');
  topic += "\xc3\xa4";
  const auto wire =
      write_mqtt({.type = MqttType::kPublish, .topic = topic}, rules::kMqtt311, bytes_of("hi"));
  const auto read = read_mqtt(wire, rules::kMqtt311);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->packet.topic.size(), 65'534U);
}

TEST(Mqtt, MatchesTopicsAgainstFilters) {
  using rules::topic_matches;
  for (const auto& [filter, topic] :
       std::vector<std::pair<std::string, std::string>>{{"a/b", "a/b"},
                                                        {"a/+", "a/b"},
                                                        {"a/#", "a"},
                                                        {"a/#", "a/b/c"},
                                                        {"#", "a/b"},
                                                        {"+/+", "/a"},
                                                        {"/+", "/a"},
                                                        {"+", "a"},
                                                        {"a//b", "a//b"},
                                                        {"$SYS/#", "$SYS/x"}}) {
    EXPECT_TRUE(topic_matches(filter, topic)) << filter << " " << topic;
  }
  for (const auto& [filter, topic] :
       std::vector<std::pair<std::string, std::string>>{{"a/b", "a/c"},
                                                        {"a/+", "a"},
                                                        {"a/+", "a/b/c"},
                                                        {"+", "/a"},
                                                        {"a", "a/b"},
                                                        {"#", "$SYS/x"},
                                                        {"+/x", "$SYS/x"},
                                                        {"a/b/c", "a/b"},
                                                        {"a/#", "ab"}}) {
    EXPECT_FALSE(topic_matches(filter, topic)) << filter << " " << topic;
  }
}

}  // namespace
}  // namespace brownout::codecs
