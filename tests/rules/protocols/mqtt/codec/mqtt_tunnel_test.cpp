// Tests MQTT in a MessageTunnel: unmodified packets pass unchanged, however reads split them, and
// rules match packets by their fields.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/protocols/mqtt/codec/mqtt_codec.h"
#include "tests/support/mqtt_lab.h"

namespace brownout::test {
namespace {

using rules::kMqtt311;
using rules::kMqtt5;
using rules::MqttType;

// Sends typical packets of one connection in both directions.
void talk(MqttLab& lab, std::uint8_t level) {
  lab.from_client(MqttLab::connect(level));
  lab.from_server(MqttLab::answer(MqttType::kConnack));
  lab.from_client({.type = MqttType::kSubscribe, .id = 1, .filters = {{"chat/#", 1}}});
  lab.from_server({.type = MqttType::kSuback, .id = 1, .reasons = {1}});
  lab.from_client(MqttLab::publish("chat/ann", 2, 2), "hello");
  lab.from_server(MqttLab::answer(MqttType::kPubrec, 2));
  lab.from_client(MqttLab::answer(MqttType::kPubrel, 2));
  lab.from_server(MqttLab::answer(MqttType::kPubcomp, 2));
  lab.from_server(MqttLab::publish("chat/bob"), std::string(70'000, 'x'));
  lab.from_client(MqttLab::answer(MqttType::kPingreq));
  lab.from_client(MqttLab::answer(MqttType::kDisconnect));
}

TEST(MqttTunnel, UnmodifiedPacketsPassByteForByte) {
  const std::string elsewhere = R"([[rule]]
match = { topic = "nobody/#" }
fault = { type = "drop" }
[[rule]]
match = { client_id = "tablet" }
fault = { type = "corrupt_message", chance = "100%" })";
  for (const auto level : {kMqtt311, kMqtt5}) {
    MqttLab plain("", level);
    talk(plain, level);
    for (const auto& rules : {std::string(), elsewhere}) {
      for (const std::size_t piece : {1U, 2U, 3U, 7U, 1000U}) {
        MqttLab lab(rules, level, piece);
        talk(lab, level);
        EXPECT_EQ(lab.reports, "");
        EXPECT_TRUE(lab.to_server == plain.to_server) << "in pieces of " << piece;
        EXPECT_TRUE(lab.to_client == plain.to_client) << "in pieces of " << piece;
      }
    }
  }
}

TEST(MqttTunnel, RulesMatchPacketsByTheirFields) {
  struct Case {
    std::string match;
    std::string left;
  };
  const std::string a = "publish a/x q0 one\n";
  const std::string b = "publish b q1 #3 dup two\n";
  const std::string c = "publish $c q2 #4 three\n";
  for (const auto& [match, left] :
       std::vector<Case>{{"packet = \"publish\"", ""},
                         {"packet = \"puback\"", a + b + c},
                         {"topic = \"a/+\"", b + c},
                         {"topic = [\"#\"]", c},
                         {"topic = [\"b\", \"$c\"]", a},
                         {"qos = [1, 2]", a},
                         {"dup = true", a + c},
                         {"retain = true", a + b},
                         {"retain = false", c},
                         {"client_id = \"ph*\"", ""},
                         {"client_id = \"tab*\"", a + b + c},
                         {"user_name = \"ann\"", ""},
                         {"text = \"t*\"", a},
                         {"max_size = \"10 B\"", c},
                         {"packet = \"publish\", after = 1, first = 1", a + c},
                         {"direction = \"downstream\"", a + b + c}}) {
    MqttLab lab;
    lab.from_client(MqttLab::connect(kMqtt311));
    lab.set_rules("[[rule]]\nmatch = { " + match + " }\nfault = { type = \"drop\" }");
    lab.to_server.clear();
    lab.from_client(MqttLab::publish("a/x"), "one");
    auto second = MqttLab::publish("b", 1, 3);
    second.dup = true;
    lab.from_client(second, "two");
    auto third = MqttLab::publish("$c", 2, 4);
    third.retain = true;
    lab.from_client(third, "three");
    EXPECT_EQ(lab.at_server(), left) << match;
  }
}

TEST(MqttTunnel, MatchesReasonsAndUserPropertiesOfMqtt5) {
  MqttLab lab(R"([[rule]]
match = { reason = 0x89 }
fault = { type = "drop" }
[[rule]]
match = { user_property = { tenant = "blue*" } }
fault = { type = "drop" })",
              kMqtt5);
  lab.from_client(MqttLab::connect(kMqtt5));
  lab.from_server(MqttLab::answer(MqttType::kPuback, 1, 0x89));
  lab.from_server(MqttLab::answer(MqttType::kPuback, 2, 0x10));
  lab.from_server({.type = MqttType::kSuback, .id = 3, .reasons = {0, 0x89}});
  auto blue = MqttLab::publish("t");
  blue.properties = {
      {.id = rules::MqttPropertyId::kUserProperty, .text = "tenant", .value = "blue-1"}};
  lab.from_server(blue);
  blue.properties[0].value = "red";
  lab.from_server(blue, "red");
  EXPECT_EQ(lab.at_client(), "puback #2 reason 16\npublish t q0 red\n");
}

TEST(MqttTunnel, FaultsLeaveValidPackets) {
  MqttLab lab(R"([[rule]]
match = { topic = "cut" }
fault = { type = "truncate_message", after = "2 B" }
[[rule]]
match = { topic = "twice" }
fault = { type = "duplicate", share = "100%" })");
  lab.from_client(MqttLab::connect(kMqtt311));
  lab.at_server();
  lab.from_client(MqttLab::publish("cut", 1, 9), std::string(300, 'x'));
  lab.from_client(MqttLab::publish("twice", 1, 10), "y");
  EXPECT_EQ(lab.at_server(),
            "publish cut q1 #9 xx\npublish twice q1 #10 y\npublish twice q1 #10 y\n");
}

rules::MqttPacket allowing_aliases(rules::MqttPacket packet, std::uint32_t most) {
  packet.properties = {{.id = rules::MqttPropertyId::kTopicAliasMaximum, .number = most}};
  return packet;
}
rules::MqttPacket with_alias(const std::string& topic, std::uint32_t alias) {
  auto packet = MqttLab::publish(topic);
  packet.properties = {{.id = rules::MqttPropertyId::kTopicAlias, .number = alias}};
  return packet;
}

TEST(MqttTunnel, RestoresTheTopicWhenTheDefinitionOfAnAliasIsDropped) {
  MqttLab lab("[[rule]]\nmatch = { topic = \"a\", first = 1 }\nfault = { type = \"drop\" }",
              kMqtt5);
  lab.from_client(MqttLab::connect(kMqtt5));
  lab.from_server(allowing_aliases(MqttLab::answer(MqttType::kConnack), 10));
  lab.at_server();
  auto aliased = with_alias("a", 1);
  lab.from_client(aliased, "lost");
  aliased.topic.clear();
  lab.from_client(aliased, "second");
  lab.from_client(aliased, "third");
  EXPECT_EQ(lab.at_server(), "publish a q0 second\npublish  q0 third\n");
}

TEST(MqttTunnel, RestoresTheTopicAfterTheRuleIsRemoved) {
  for (const std::size_t piece : {1U, 1000U}) {
    MqttLab lab("[[rule]]\nmatch = { first = 1, topic = \"a\" }\nfault = { type = \"drop\" }",
                kMqtt5, piece);
    lab.from_client(MqttLab::connect(kMqtt5));
    lab.from_server(allowing_aliases(MqttLab::answer(MqttType::kConnack), 10));
    lab.from_client(with_alias("b", 1));
    lab.from_client(with_alias("a", 1), "lost");
    lab.at_server();
    lab.set_rules("");
    lab.from_client(MqttLab::publish("c"), "plain");
    lab.from_client(with_alias("", 1), "second");
    lab.from_client(with_alias("", 1), "third");
    EXPECT_EQ(lab.at_server(), "publish c q0 plain\npublish a q0 second\npublish  q0 third\n");
    EXPECT_EQ(lab.reports, "");
  }
}

TEST(MqttTunnel, ResolvesAnAliasDefinedBeforeTheRule) {
  MqttLab lab("", kMqtt5);
  lab.from_client(allowing_aliases(MqttLab::connect(kMqtt5), 10));
  lab.from_server(allowing_aliases(MqttLab::answer(MqttType::kConnack), 10));
  lab.from_client(with_alias("a", 1));
  lab.from_server(with_alias("a", 10));
  lab.at_server();
  lab.at_client();
  lab.set_rules("[[rule]]\nmatch = { topic = \"a\" }\nfault = { type = \"drop\" }");
  lab.from_client(with_alias("", 1));
  lab.from_server(with_alias("", 10));
  EXPECT_EQ(lab.at_server(), "");
  EXPECT_EQ(lab.at_client(), "");
}

// Topic Alias Maximum: MQTT 5.0, 3.1.2.11.5 and 3.2.2.3.8.
TEST(MqttTunnel, IgnoresAliasesBeyondTheAnnouncedMaximum) {
  MqttLab lab("[[rule]]\nmatch = { topic = \"a\" }\nfault = { type = \"drop\" }", kMqtt5);
  lab.from_client(allowing_aliases(MqttLab::connect(kMqtt5), 2));
  lab.from_server(MqttLab::answer(MqttType::kConnack));
  lab.at_client();
  for (const std::uint32_t alias : {2U, 3U}) {
    lab.from_server(with_alias("a", alias));
    lab.from_server(with_alias("", alias), "with " + std::to_string(alias));
  }
  EXPECT_EQ(lab.at_client(), "publish  q0 with 3\n");
  lab.at_server();
  lab.from_client(with_alias("a", 1));
  lab.from_client(with_alias("", 1), "the server allows none");
  EXPECT_EQ(lab.at_server(), "publish  q0 the server allows none\n");
}

TEST(MqttTunnel, LimitsTheMemoryOfAliases) {
  constexpr auto kMost = messages::MqttCodec::kMostAliasBytes;
  messages::MqttCodec::Aliases aliases;
  aliases.allow(65'535);
  for (std::uint32_t alias = 1; alias <= 65'535; ++alias) aliases.set(alias, "t");
  EXPECT_LE(aliases.bytes(), kMost);
  EXPECT_EQ(aliases.of(1), "t");
  EXPECT_EQ(aliases.of(65'535), "") << "the old topic of the alias is forgotten, too";
  aliases.set(1, std::string(kMost, 'x'));
  EXPECT_EQ(aliases.of(1), "");
  messages::MqttCodec::Aliases none;
  none.set(1, "t");
  EXPECT_EQ(none.bytes(), 0U);
}

TEST(MqttTunnel, ReadsBridgesAndMqtt31Clients) {
  const std::string rule = "[[rule]]\nmatch = { topic = \"a\" }\nfault = { type = \"drop\" }";
  for (const std::uint8_t level : {rules::kMqtt31, kMqtt311, kMqtt5}) {
    for (const bool bridge : {false, true}) {
      MqttLab lab(rule, level);
      auto connect = MqttLab::connect(level);
      connect.connect->bridge = bridge;
      lab.from_client(connect);
      lab.from_client(MqttLab::publish("a"), "lost");
      lab.from_client(MqttLab::publish("b"), "kept");
      EXPECT_EQ(lab.at_server(), "connect\npublish b q0 kept\n") << int{level};
      EXPECT_EQ(lab.reports, "");
    }
  }
  for (const std::size_t piece : {1U, 1000U}) {
    MqttLab lab(rule, rules::kMqtt31, piece);
    lab.from_client(MqttLab::connect(rules::kMqtt31));
    auto again = MqttLab::answer(MqttType::kPubrel, 7);
    again.dup = true;
    lab.from_client(again);
    again = {.type = MqttType::kSubscribe, .dup = true, .id = 8, .filters = {{"a", 1}}};
    lab.from_client(again);
    again.type = MqttType::kUnsubscribe;
    lab.from_client(again);
    lab.from_client(MqttLab::publish("a"), "lost");
    EXPECT_EQ(lab.at_server(), "connect\npubrel #7 dup\nsubscribe #8 dup\nunsubscribe #8 dup\n");
    EXPECT_EQ(lab.reports, "");
  }
}

TEST(MqttTunnel, ReadsARefusalOfMqtt5InTheFormOfMqtt311) {
  MqttLab lab("[[rule]]\nmatch = { reason = 1 }\nfault = { type = \"drop\" }", kMqtt5);
  lab.from_client(MqttLab::connect(kMqtt5));
  lab.bytes_from_server(std::string("\x20\x02\x00\x01", 4));
  EXPECT_EQ(lab.at_client(), "");
  EXPECT_EQ(lab.reports, "");
}

TEST(MqttTunnel, HalfOpenConnectionStillAnswersPings) {
  MqttLab lab("[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"half_open\" }");
  lab.from_client(MqttLab::connect(kMqtt311));
  EXPECT_EQ(lab.at_server(), "");
  lab.from_client(MqttLab::publish("a", 1, 1), "lost");
  lab.from_client(MqttLab::answer(MqttType::kPingreq));
  EXPECT_EQ(lab.at_server(), "");
  EXPECT_EQ(lab.at_client(), "pingresp\n");
}

TEST(MqttTunnel, OtherProtocolsPassAsBytesWithOneReport) {
  for (const std::size_t piece : {1U, 5U, 1000U}) {
    MqttLab http("[[rule]]\nfault = { type = \"drop\" }", kMqtt311, piece);
    http.bytes_from_client("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(http.to_server, "GET / HTTP/1.1\r\n\r\n");
    http.from_server(MqttLab::publish("a"), "the other direction is none, either");
    EXPECT_NE(http.to_client, "");
    EXPECT_EQ(http.reports, "not MQTT: an invalid packet header\n");
    MqttLab early("", kMqtt311, piece);
    early.from_client(MqttLab::publish("a"), "x");
    EXPECT_EQ(early.at_server(), "publish a q0 x\n");
    EXPECT_EQ(early.reports, "not MQTT: the connection does not begin with a CONNECT\n");
    MqttLab broken("", kMqtt311, piece);
    broken.from_client(MqttLab::connect(kMqtt311));
    const auto before = broken.to_server;
    broken.bytes_from_client("\x01garbage");
    EXPECT_EQ(broken.to_server, before + "\x01garbage");
    EXPECT_EQ(broken.reports, "not MQTT: an invalid packet header\n");
  }
}

// Bytes after malformed MQTT do not overtake a packet that a rule holds.
TEST(MqttTunnel, BytesDoNotOvertakeHeldPackets) {
  MqttLab lab(R"([[rule]]
match = { topic = "late" }
fault = { type = "delay", delay = "1s" })");
  lab.from_client(MqttLab::connect(kMqtt311));
  lab.to_server.clear();
  lab.from_client(MqttLab::publish("late"), "first");
  lab.bytes_from_client(std::string("\0\0 no packet", 12));
  lab.bytes_from_client(" at all");
  EXPECT_EQ(lab.reports, "not MQTT: an invalid packet header\n");
  EXPECT_EQ(lab.to_server, "");
  lab.pass(std::chrono::seconds(1));
  EXPECT_EQ(lab.to_server, lab.wire(MqttLab::publish("late"), "first") +
                               std::string("\0\0 no packet", 12) + " at all");
  lab.bytes_from_client("!");
  EXPECT_TRUE(lab.to_server.ends_with(" at all!"));
}

}  // namespace
}  // namespace brownout::test
