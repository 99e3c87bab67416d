#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"
#include "tests/support/http_lab.h"
#include "tests/support/mqtt_lab.h"
#include "tests/support/websocket_lab.h"

namespace brownout::test {
namespace {

TEST(TruncateMessage, ArrivesAsAShorterMessage) {
  WebSocketLab lab("[[rule]]\nfault = { type = \"truncate_message\", after = \"2 B\" }");
  lab.from_client("hello");
  lab.from_client("hi");
  EXPECT_EQ(lab.at_server(), "text:he\ntext:hi\n");
}

// RFC 6455, 8.1: invalid UTF-8 in a text message ends the connection.
TEST(TruncateMessage, TextIsCutBetweenCharacters) {
  WebSocketLab lab("[[rule]]\nfault = { type = \"truncate_message\", after = \"4 B\" }");
  lab.from_client("abc\xc3\xa4");
  lab.from_client("\xf0\x9f\x98\x80\xf0\x9f\x98\x80");
  lab.from_client("abc\xc3\xa4", rules::Opcode::kBinary);
  lab.from_client("\x03\xe8goodbye", rules::Opcode::kClose);
  EXPECT_EQ(lab.at_server(),
            "text:abc\ntext:\xf0\x9f\x98\x80\nbinary:abc\xc3\nclose:1000 goodbye\n");
}

TEST(TruncateMessage, AnXmppBodyIsCutAndItsElementStaysWellFormed) {
  const auto lab = bound_xmpp("[[rule]]\nfault = { type = \"truncate_message\", after = \"4 B\" }");
  lab->from_client("<message to='b'><body>a&amp;b\xc3\xa4</body></message><iq type='get' id='1'/>");
  EXPECT_EQ(lab->at_server(),
            "<message to='b'><body>a&amp;b</body></message><iq type='get' id='1'/>");
  lab->from_client("<message to='b'><body>abcd</body></message>");
  EXPECT_EQ(lab->at_server(), "<message to='b'><body>abcd</body></message>");
}

// Payload Format Indicator: MQTT 5.0, 3.3.2.3.2.
TEST(TruncateMessage, AnMqttPayloadMarkedAsUtf8StaysUtf8) {
  MqttLab lab(
      "[[rule]]\nmatch = { topic = \"t\" }\nfault = { type = \"truncate_message\", after = \"2 B\" "
      "}",
      rules::kMqtt5);
  lab.from_client(MqttLab::connect(rules::kMqtt5));
  lab.at_server();
  auto publish = MqttLab::publish("t");
  lab.from_client(publish, "a\xc3\xa4");
  publish.properties = {{.id = rules::MqttPropertyId::kPayloadFormat, .number = 1}};
  lab.from_client(publish, "a\xc3\xa4");
  EXPECT_EQ(lab.at_server(), "publish t q0 a\xc3\npublish t q0 a\n");
}

TEST(TruncateMessage, AnHttpBodyAndADnsAnswerAreCut) {
  const std::string rule = "[[rule]]\nfault = { type = \"truncate_message\", after = \"2 B\" }";
  EXPECT_THAT(HttpLab(rule).get("/"), testing::StartsWith("200 he (closed)"));
  EXPECT_EQ(DnsLab(rule).ask("x.example.org"), "NOERROR cut to 2");
}

}  // namespace
}  // namespace brownout::test
