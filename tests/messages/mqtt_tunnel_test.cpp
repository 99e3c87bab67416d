// MQTT packets through a tunnel: untouched ones pass as they came, however they are cut; rules mean
// them by what they say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/mqtt_lab.h"

namespace brownout::test {
namespace {

using rules::kMqtt311;
using rules::kMqtt5;
using rules::MqttType;

// A conversation of one connection, both ways.
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

TEST(MqttTunnel, WhatNoRuleTouchesPassesAsItCame) {
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

TEST(MqttTunnel, RulesMeanPacketsByWhatTheySay) {
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

TEST(MqttTunnel, ReasonsAndUserPropertiesOfMqtt5) {
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

TEST(MqttTunnel, WhatATouchedPacketBecomesIsAPacket) {
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

TEST(MqttTunnel, ATopicAliasIsUnderstoodAndStaysTrueWhenItsDefinitionIsLost) {
  MqttLab lab("[[rule]]\nmatch = { topic = \"a\", first = 1 }\nfault = { type = \"drop\" }",
              kMqtt5);
  lab.from_client(MqttLab::connect(kMqtt5));
  lab.at_server();
  auto aliased = MqttLab::publish("a");
  aliased.properties = {{.id = rules::MqttPropertyId::kTopicAlias, .number = 1}};
  lab.from_client(aliased, "lost");
  aliased.topic.clear();
  lab.from_client(aliased, "second");
  lab.from_client(aliased, "third");
  EXPECT_EQ(lab.at_server(), "publish a q0 second\npublish  q0 third\n");
}

TEST(MqttTunnel, AnAliasFromBeforeTheRuleIsKnown) {
  MqttLab lab("", kMqtt5);
  lab.from_client(MqttLab::connect(kMqtt5));
  auto aliased = MqttLab::publish("a");
  aliased.properties = {{.id = rules::MqttPropertyId::kTopicAlias, .number = 1}};
  lab.from_client(aliased);
  lab.at_server();
  lab.set_rules("[[rule]]\nmatch = { topic = \"a\" }\nfault = { type = \"drop\" }");
  aliased.topic.clear();
  lab.from_client(aliased);
  EXPECT_EQ(lab.at_server(), "");
}

TEST(MqttTunnel, AHalfOpenConnectionStillAnswersPings) {
  MqttLab lab("[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"half_open\" }");
  lab.from_client(MqttLab::connect(kMqtt311));
  EXPECT_EQ(lab.at_server(), "");
  lab.from_client(MqttLab::publish("a", 1, 1), "lost");
  lab.from_client(MqttLab::answer(MqttType::kPingreq));
  EXPECT_EQ(lab.at_server(), "");
  EXPECT_EQ(lab.at_client(), "pingresp\n");
}

TEST(MqttTunnel, WhatIsNoMqttPassesAsBytesWithOneReport) {
  for (const std::size_t piece : {1U, 5U, 1000U}) {
    MqttLab http("[[rule]]\nfault = { type = \"drop\" }", kMqtt311, piece);
    http.bytes_from_client("GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(http.to_server, "GET / HTTP/1.1\r\n\r\n");
    http.from_server(MqttLab::publish("a"), "the other direction is none, either");
    EXPECT_NE(http.to_client, "");
    EXPECT_EQ(http.reports, "not MQTT: no header of a packet\n");
    MqttLab early("", kMqtt311, piece);
    early.from_client(MqttLab::publish("a"), "x");
    EXPECT_EQ(early.at_server(), "publish a q0 x\n");
    EXPECT_EQ(early.reports, "not MQTT: it does not begin with a CONNECT\n");
    MqttLab broken("", kMqtt311, piece);
    broken.from_client(MqttLab::connect(kMqtt311));
    const auto before = broken.to_server;
    broken.bytes_from_client("\x01garbage");
    EXPECT_EQ(broken.to_server, before + "\x01garbage");
    EXPECT_EQ(broken.reports, "not MQTT: no header of a packet\n");
  }
}

// What is no MQTT any more does not overtake a packet that a rule holds.
TEST(MqttTunnel, BytesStayBehindThePacketsThatAreHeld) {
  MqttLab lab(R"([[rule]]
match = { topic = "late" }
fault = { type = "delay", delay = "1s" })");
  lab.from_client(MqttLab::connect(kMqtt311));
  lab.to_server.clear();
  lab.from_client(MqttLab::publish("late"), "first");
  lab.bytes_from_client(std::string("\0\0 no packet", 12));
  lab.bytes_from_client(" at all");
  EXPECT_EQ(lab.reports, "not MQTT: no header of a packet\n");
  EXPECT_EQ(lab.to_server, "");
  lab.pass(std::chrono::seconds(1));
  EXPECT_EQ(lab.to_server, lab.wire(MqttLab::publish("late"), "first") +
                               std::string("\0\0 no packet", 12) + " at all");
  lab.bytes_from_client("!");
  EXPECT_TRUE(lab.to_server.ends_with(" at all!"));
}

}  // namespace
}  // namespace brownout::test
