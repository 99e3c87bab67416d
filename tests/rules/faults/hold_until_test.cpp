#include <gtest/gtest.h>

#include "tests/support/message_lab.h"
#include "tests/support/mqtt_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::MqttType;
using std::chrono::seconds;

const std::string kUntilPing = R"([[rule]]
match = { topic = "a" }
fault = { type = "hold_until", passes = { packet = "pingreq" }, most = "30s" })";

TEST(HoldUntil, AMessageWaitsUntilAnotherHasOvertakenIt) {
  MqttLab lab(kUntilPing);
  lab.from_client(MqttLab::connect(rules::kMqtt311));
  lab.at_server();
  lab.from_client(MqttLab::publish("a"), "1");
  lab.from_client(MqttLab::publish("a"), "2");
  lab.from_client(MqttLab::publish("b"), "3");
  EXPECT_EQ(lab.at_server(), "publish b q0 3\n");
  lab.from_client(MqttLab::answer(MqttType::kPingreq));
  EXPECT_EQ(lab.at_server(), "pingreq\npublish a q0 1\npublish a q0 2\n");
  lab.from_client(MqttLab::publish("a"));
  EXPECT_EQ(lab.at_server(), "");
  lab.from_client(MqttLab::answer(MqttType::kPingreq));
  EXPECT_EQ(lab.at_server(), "pingreq\npublish a q0\n") << "without a payload, too";
}

TEST(HoldUntil, NotLongerThanItsMost) {
  MqttLab lab(kUntilPing);
  lab.from_client(MqttLab::connect(rules::kMqtt311));
  lab.at_server();
  lab.from_client(MqttLab::publish("a"), "1");
  lab.pass(seconds(29));
  EXPECT_EQ(lab.at_server(), "");
  lab.pass(seconds(1));
  EXPECT_EQ(lab.at_server(), "publish a q0 1\n");
}

TEST(HoldUntil, WhatIsHeldLeavesWithTheRuleAndAheadOfTheEnd) {
  MqttLab lab(kUntilPing);
  lab.from_client(MqttLab::connect(rules::kMqtt311));
  lab.at_server();
  lab.from_client(MqttLab::publish("a"), "1");
  lab.from_client(MqttLab::answer(MqttType::kDisconnect));
  EXPECT_EQ(lab.at_server(), "publish a q0 1\ndisconnect\n");
  MqttLab other(kUntilPing);
  other.from_client(MqttLab::connect(rules::kMqtt311));
  other.at_server();
  other.from_client(MqttLab::publish("a"), "1");
  other.set_rules("");
  EXPECT_EQ(other.at_server(), "publish a q0 1\n");
}

TEST(HoldUntil, OfAllMessagesButThatOne) {
  MessageLab lab("framed", R"([[rule]]
match = { direction = "upstream" }
fault = { type = "hold_until", passes = { kind = "COMMIT" } })",
                 R"=(framing = { delimiter = "\n", kind = "^([A-Z]+)" })=");
  lab.from_client("PUT 1\nPUT 2\n");
  EXPECT_EQ(lab.at_server(), "");
  lab.from_client("COMMIT\n");
  EXPECT_EQ(lab.at_server(), "COMMIT\nPUT 1\nPUT 2\n");
}

TEST(HoldUntil, SaysWhatItWaitsFor) {
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"hold_until\" }", "mqtt"),
            "hold_until needs to know what it waits for");
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"hold_until\", passes = { topic = "
                             "\"a\", first = 1 } }",
                             "mqtt"),
            "first is not of one message");
}

}  // namespace
}  // namespace brownout::test
