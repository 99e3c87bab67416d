#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"
#include "tests/support/http_lab.h"
#include "tests/support/mqtt_lab.h"

namespace brownout::test {
namespace {

using rules::kMqtt311;
using rules::kMqtt5;
using rules::MqttType;

std::string rejecting(const std::string& more = "") {
  return "[[rule]]\nmatch = { direction = \"upstream\" }\nfault = { type = \"reject\"" + more +
         " }";
}

TEST(Reject, AnMqttConnectIsRefusedAndTheConnectionCloses) {
  for (const auto& [level, more, answer] :
       std::vector<std::tuple<std::uint8_t, std::string, std::string>>{
           {kMqtt311, "", "connack reason 3\n"},
           {kMqtt311, ", reason = 5", "connack reason 5\n"},
           {kMqtt311, ", reason = 0x87", "connack reason 3\n"},
           {kMqtt5, "", "connack reason 136\n"},
           {kMqtt5, ", reason = 5", "connack reason 136\n"},
           {kMqtt5, ", reason = 0x87", "connack reason 135\n"}}) {
    MqttLab lab(rejecting(more), level);
    lab.from_client(MqttLab::connect(level));
    EXPECT_EQ(lab.at_client(), answer) << more;
    EXPECT_EQ(lab.at_server(), "");
    EXPECT_EQ(lab.closed, "fin");
  }
}

// Connects before the rule is added, then sends requests.
void ask(MqttLab& lab, std::uint8_t level, const std::string& more = "") {
  lab.from_client(MqttLab::connect(level));
  lab.at_server();
  lab.set_rules(rejecting(more));
  lab.from_client({.type = MqttType::kSubscribe, .id = 1, .filters = {{"a", 1}, {"b", 0}}});
  lab.from_client({.type = MqttType::kUnsubscribe, .id = 2, .filters = {{"a"}}});
  lab.from_client(MqttLab::publish("a"), "zero");
  lab.from_client(MqttLab::publish("a", 1, 3), "one");
  lab.from_client(MqttLab::publish("a", 2, 4), "two");
  lab.from_client(MqttLab::answer(MqttType::kPingreq));
}

TEST(Reject, Mqtt5RequestsAreRefusedOneByOne) {
  MqttLab lab("", kMqtt5);
  ask(lab, kMqtt5, ", reason = 0x97");
  EXPECT_EQ(lab.at_server(), "publish a q0 zero\npingreq\n");
  EXPECT_EQ(lab.at_client(),
            "suback #1\nunsuback #2\npuback #3 reason 151\npubrec #4 reason 151\n");
  EXPECT_EQ(lab.closed, "");
}

TEST(Reject, RequestsThatMqtt311CannotRefusePass) {
  MqttLab lab;
  ask(lab, kMqtt311);
  EXPECT_EQ(
      lab.at_server(),
      "unsubscribe #2\npublish a q0 zero\npublish a q1 #3 one\npublish a q2 #4 two\npingreq\n");
  const auto suback = std::string("\x90\x04\x00\x01\x80\x80", 6);
  EXPECT_EQ(lab.to_client, suback) << "every filter failed";
}

// MQTT V3.1, 3.9: in that version a SUBACK cannot refuse a subscription.
TEST(Reject, Mqtt31CanOnlyRefuseAConnection) {
  MqttLab lab("", rules::kMqtt31);
  ask(lab, rules::kMqtt31);
  EXPECT_EQ(lab.at_server(),
            "subscribe #1\nunsubscribe #2\npublish a q0 zero\npublish a q1 #3 one\npublish a q2 #4 "
            "two\npingreq\n");
  EXPECT_EQ(lab.to_client, "");
  MqttLab refused(rejecting(), rules::kMqtt31);
  refused.from_client(MqttLab::connect(rules::kMqtt31));
  EXPECT_EQ(refused.at_client(), "connack reason 3\n");
}

TEST(Reject, AReasonThatRefusesNothingIsAMistake) {
  const auto problem_of = [](int reason) {
    return first_problem_of(rejecting(", reason = " + std::to_string(reason)), "mqtt");
  };
  for (const int reason : {0, 6, 127}) {
    EXPECT_EQ(problem_of(reason),
              "reason " + std::to_string(reason) + " is not the reason code of a refusal");
  }
  for (const int reason : {1, 5, 128, 255}) EXPECT_EQ(problem_of(reason), "") << reason;
}

TEST(Reject, HttpGets503AndDnsGetsRefused) {
  const std::string rule = "[[rule]]\nfault = { type = \"reject\", text = \"no\" }";
  HttpLab lab(rule);
  EXPECT_EQ(lab.get("/"), "503 no");
  EXPECT_EQ(lab.to_server_bytes(), "");
  EXPECT_EQ(DnsLab(rule).ask("chat.example.org"), "REFUSED");
}

}  // namespace
}  // namespace brownout::test
