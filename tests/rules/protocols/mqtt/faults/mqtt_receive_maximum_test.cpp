#include <gtest/gtest.h>

#include "tests/support/mqtt_lab.h"

namespace brownout::test {
namespace {

using rules::MqttPropertyId;
using rules::MqttType;

const std::string kReceiveMaximumRule =
    "[[rule]]\nfault = { type = \"mqtt_receive_maximum\", value = 5 }";

// The Receive Maximum that the client gets if the server sends `said`; 0 means no property.
std::uint32_t received(std::uint32_t said, std::uint8_t level = rules::kMqtt5) {
  MqttLab lab(kReceiveMaximumRule, level);
  lab.from_client(MqttLab::connect(level));
  auto connack = MqttLab::answer(MqttType::kConnack);
  if (said != 0) {
    connack.properties = {{.id = MqttPropertyId::kReceiveMaximum, .number = said}};
  }
  lab.from_server(connack);
  const auto read = codecs::read_mqtt(codecs::bytes_of(lab.to_client), level);
  EXPECT_TRUE(read);
  const auto* found =
      rules::find_property(read->packet.properties, MqttPropertyId::kReceiveMaximum);
  return found != nullptr ? found->number : 0;
}

TEST(MqttReceiveMaximum, LowersTheLimitOfTheServer) {
  EXPECT_EQ(received(0), 5U) << "without the property the limit is 65,535";
  EXPECT_EQ(received(20), 5U);
  EXPECT_EQ(received(3), 3U);
}

TEST(MqttReceiveMaximum, DoesNotActOnMqtt311) { EXPECT_EQ(received(0, rules::kMqtt311), 0U); }

TEST(MqttReceiveMaximum, LowersTheLimitOfTheClient) {
  MqttLab lab(kReceiveMaximumRule, rules::kMqtt5);
  lab.from_client(MqttLab::connect(rules::kMqtt5));
  const auto read = codecs::read_mqtt(codecs::bytes_of(lab.to_server), rules::kMqtt5);
  ASSERT_TRUE(read);
  const auto* found =
      rules::find_property(read->packet.properties, MqttPropertyId::kReceiveMaximum);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->number, 5U);
  EXPECT_EQ(read->packet.connect->client_id, "phone");
}

}  // namespace
}  // namespace brownout::test
