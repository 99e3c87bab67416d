#include <gtest/gtest.h>

#include "tests/support/mqtt_lab.h"

namespace brownout::test {
namespace {

using rules::MqttType;

// The Session Present flag that the client gets if the server sends `truth`.
bool received(const std::string& value, bool truth, std::uint8_t reason = 0) {
  MqttLab lab("[[rule]]\nfault = { type = \"mqtt_session_present\", value = " + value + " }");
  lab.from_client(MqttLab::connect(rules::kMqtt311));
  auto connack = MqttLab::answer(MqttType::kConnack, 0, reason);
  connack.session_present = truth;
  lab.from_server(connack);
  const auto read = codecs::read_mqtt(codecs::bytes_of(lab.to_client), rules::kMqtt311);
  EXPECT_TRUE(read);
  EXPECT_EQ(read->packet.reason, reason);
  EXPECT_EQ(lab.injected, read->packet.session_present == truth ? 0 : 1);
  return read->packet.session_present;
}

TEST(MqttSessionPresent, SetsTheFlagToItsValue) {
  EXPECT_FALSE(received("false", true));
  EXPECT_TRUE(received("true", false));
  EXPECT_FALSE(received("false", false));
  EXPECT_TRUE(received("true", true));
}

TEST(MqttSessionPresent, DoesNotActOnMqtt31) {
  MqttLab lab("[[rule]]\nfault = { type = \"mqtt_session_present\", value = true }",
              rules::kMqtt31);
  lab.from_client(MqttLab::connect(rules::kMqtt31));
  lab.from_server(MqttLab::answer(MqttType::kConnack));
  EXPECT_EQ(lab.injected, 0);
}

TEST(MqttSessionPresent, DoesNotActOnARefusal) { EXPECT_FALSE(received("true", false, 5)); }

}  // namespace
}  // namespace brownout::test
