#include <gtest/gtest.h>

#include "tests/support/mqtt_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::kMqtt311;
using rules::kMqtt5;
using rules::MqttType;

TEST(MqttDisconnect, SendsTheClientAReasonAndAnotherServer) {
  const std::string rule = R"([[rule]]
match = { topic = "a" }
fault = { type = "mqtt_disconnect", reason = 156, server_reference = "b:1883" })";
  for (const bool upstream : {true, false}) {
    MqttLab lab(rule, kMqtt5);
    lab.from_client(MqttLab::connect(kMqtt5));
    lab.at_server();
    upstream ? lab.from_client(MqttLab::publish("a")) : lab.from_server(MqttLab::publish("a"));
    EXPECT_EQ(lab.to_server, "") << "the broker gets no DISCONNECT, so it publishes the will";
    const auto read = codecs::read_mqtt(codecs::bytes_of(lab.to_client), kMqtt5);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->packet.type, MqttType::kDisconnect);
    EXPECT_EQ(read->packet.reason, 156);
    const auto* reference =
        rules::find_property(read->packet.properties, rules::MqttPropertyId::kServerReference);
    ASSERT_NE(reference, nullptr);
    EXPECT_EQ(reference->text, "b:1883");
    EXPECT_EQ(lab.closed, "fin");
  }
}

TEST(MqttDisconnect, ClosesWithoutAPacketInMqtt311) {
  MqttLab lab("[[rule]]\nmatch = { packet = \"publish\" }\nfault = { type = \"mqtt_disconnect\" }");
  lab.from_client(MqttLab::connect(kMqtt311));
  lab.at_server();
  lab.from_client(MqttLab::publish("a"));
  EXPECT_EQ(lab.to_client + lab.to_server, "");
  EXPECT_EQ(lab.closed, "fin");
}

TEST(MqttDisconnect, RejectsAServerReferenceWithoutItsReason) {
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"mqtt_disconnect\", server_reference = "
                             "\"b:1883\" }",
                             "mqtt"),
            "server_reference needs reason 156 or 157");
}

TEST(MqttDisconnect, RejectsReasonsThatAServerMustNotSend) {
  const auto problem_of = [](int reason) {
    return first_problem_of(
        "[[rule]]\nfault = { type = \"mqtt_disconnect\", reason = " + std::to_string(reason) + " }",
        "mqtt");
  };
  for (const int reason : {1, 4, 127, 132, 136, 145, 146, 163, 255}) {
    EXPECT_EQ(problem_of(reason), "reason " + std::to_string(reason) +
                                      " is not a reason code that a server's DISCONNECT may have");
  }
  for (const int reason : {0, 128, 137, 142, 162}) EXPECT_EQ(problem_of(reason), "") << reason;
}

TEST(MqttDisconnect, ActsOnMqttListenersOnly) {
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"mqtt_disconnect\" }", "xmpp"),
            "fault \"mqtt_disconnect\" does not act on listener \"chat\", which is xmpp");
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"close_websocket\" }", "mqtt"),
            "fault \"close_websocket\" does not act on listener \"chat\", which is mqtt");
}

TEST(MqttDisconnect, RejectsMatchKeysOfOtherProtocols) {
  EXPECT_EQ(first_problem_of("[[rule]]\nmatch = { opcode = \"text\" }\nfault = { type = \"drop\" }",
                             "mqtt"),
            "no listener that the rule matches has messages of WebSocket");
  EXPECT_EQ(
      first_problem_of("[[rule]]\nmatch = { topic = \"a\" }\nfault = { type = \"drop\" }", "xmpp"),
      "no listener that the rule matches has messages of MQTT and Kafka");
  EXPECT_EQ(first_problem_of("[[rule]]\nmatch = { topic = \"a/#/b\" }\nfault = { type = \"drop\" }",
                             "mqtt"),
            "topic: \"a/#/b\" is not a topic filter: # must be the last level");
}

}  // namespace
}  // namespace brownout::test
