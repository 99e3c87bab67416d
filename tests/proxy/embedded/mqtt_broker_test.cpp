// Tests that the embedded MQTT broker behaves as MQTT 3.1.1 and 5.0 require.
#include <gtest/gtest.h>

#include "proxy/embedded/mqtt_broker.h"
#include "tests/support/mqtt_lab.h"

namespace brownout::test {
namespace {

using rules::kMqtt311;
using rules::MqttType;

const MqttLab& writer() {
  static const MqttLab lab("", kMqtt311);
  return lab;
}

struct Client : proxy::MqttBroker::Peer {
  explicit Client(proxy::MqttBroker& at) : broker(at) {}
  ~Client() override { broker.gone(*this); }
  void send(codecs::ByteView packet) override { got += codecs::text_of(packet); }
  void taken_over() override { replaced = true; }
  bool say(const rules::MqttPacket& packet, std::string_view payload = "") {
    unread += writer().wire(packet, payload);
    return broker.take(*this, unread);
  }
  std::string heard() { return writer().packets(std::exchange(got, {})); }

  proxy::MqttBroker& broker;
  std::string unread;
  std::string got;
  bool replaced = false;
};

rules::MqttPacket subscribe(const std::string& filter, std::uint8_t qos) {
  return {.type = MqttType::kSubscribe, .id = 1, .filters = {{filter, qos}}};
}
rules::MqttPacket connect(const std::string& id, bool clean) {
  auto packet = MqttLab::connect(kMqtt311, id);
  packet.connect->clean_start = clean;
  return packet;
}

TEST(MqttBroker, PublishesToSubscribersAtTheLowerQos) {
  proxy::MqttBroker broker;
  Client ann(broker);
  Client bob(broker);
  ann.say(connect("ann", true));
  bob.say(connect("bob", true));
  bob.say(subscribe("chat/+", 1));
  EXPECT_EQ(bob.heard(), "connack\nsuback #1\n");
  ann.say(MqttLab::publish("chat/bob", 2, 5), "hello");
  ann.say(MqttLab::answer(MqttType::kPubrel, 5));
  ann.say(MqttLab::publish("news/bob", 0), "not for chat");
  EXPECT_EQ(ann.heard(), "connack\npubrec #5\npubcomp #5\n");
  EXPECT_EQ(bob.heard(), "publish chat/bob q1 #1 hello\n");
}

TEST(MqttBroker, ForwardsADuplicateQosTwoMessageOnce) {
  proxy::MqttBroker broker;
  Client ann(broker);
  ann.say(connect("ann", true));
  ann.say(subscribe("a", 2));
  ann.heard();
  auto again = MqttLab::publish("a", 2, 5);
  ann.say(again, "x");
  again.dup = true;
  ann.say(again, "x");
  EXPECT_EQ(ann.heard(), "pubrec #5\npublish a q2 #1 x\npubrec #5\n");
}

TEST(MqttBroker, ASessionOutlivesItsConnection) {
  proxy::MqttBroker broker;
  Client ann(broker);
  ann.say(connect("ann", true));
  {
    Client bob(broker);
    bob.say(connect("bob", false));
    bob.say(subscribe("#", 2));
    ann.say(MqttLab::publish("a", 1, 1), "one");
    ann.say(MqttLab::publish("a", 2, 2), "two");
    bob.say(MqttLab::answer(MqttType::kPubrec, 2));
  }
  ann.say(MqttLab::publish("a", 1, 3), "while away");
  Client back(broker);
  back.say(connect("bob", false));
  EXPECT_EQ(back.heard(),
            "connack\npublish a q1 #1 dup one\npubrel #2\npublish a q1 #3 while away\n");
  back.say(MqttLab::answer(MqttType::kPuback, 1));
  back.say(MqttLab::answer(MqttType::kPubcomp, 2));
  back.say(MqttLab::answer(MqttType::kPuback, 3));
  Client clean(broker);
  clean.say(connect("bob", true));
  EXPECT_TRUE(back.replaced);
  ann.say(MqttLab::publish("a", 1, 4), "not subscribed any more");
  EXPECT_EQ(clean.heard(), "connack\n");
}

struct ClientOf5 : Client {
  explicit ClientOf5(proxy::MqttBroker& at) : Client(at) {}
  static const MqttLab& writer5() {
    static const MqttLab lab("", rules::kMqtt5);
    return lab;
  }
  bool say5(const rules::MqttPacket& packet, std::string_view payload = "") {
    unread += writer5().wire(packet, payload);
    return broker.take(*this, unread);
  }
  std::string heard5() { return writer5().packets(std::exchange(got, {})); }
};

// Receive Maximum: MQTT 5.0, 3.1.2.11.3 and 4.9.
TEST(MqttBroker, LimitsInFlightMessagesToTheReceiveMaximum) {
  proxy::MqttBroker broker;
  ClientOf5 ann(broker);
  auto hello = MqttLab::connect(rules::kMqtt5, "ann");
  hello.properties = {{.id = rules::MqttPropertyId::kReceiveMaximum, .number = 2}};
  ann.say5(hello);
  ann.say5(subscribe("a", 1));
  ann.heard5();
  Client bob(broker);
  bob.say(connect("bob", true));
  for (std::uint16_t id = 1; id <= 3; ++id)
    bob.say(MqttLab::publish("a", 1, id), std::to_string(id));
  EXPECT_EQ(ann.heard5(), "publish a q1 #1 1\npublish a q1 #2 2\n");
  ann.say5(MqttLab::answer(MqttType::kPuback, 1));
  EXPECT_EQ(ann.heard5(), "publish a q1 #3 3\n");
}

TEST(MqttBroker, AssignsAClientIdOnlyIfTheVersionAllows) {
  proxy::MqttBroker broker;
  ClientOf5 named(broker);
  EXPECT_TRUE(named.say5(MqttLab::connect(rules::kMqtt5, "")));
  const auto read = codecs::read_mqtt(codecs::bytes_of(named.got), rules::kMqtt5);
  ASSERT_TRUE(read && read->packet.properties.size() == 1);
  EXPECT_EQ(read->packet.properties[0].id, rules::MqttPropertyId::kAssignedClientId);
  Client clean(broker);
  EXPECT_TRUE(clean.say(connect("", true)));
  Client kept(broker);
  EXPECT_FALSE(kept.say(connect("", false)));
  EXPECT_EQ(kept.heard(), "connack reason 2\n");
}

TEST(MqttBroker, ForwardsPropertiesAndRefusesTopicAliases) {
  proxy::MqttBroker broker;
  ClientOf5 ann(broker);
  ann.say5(MqttLab::connect(rules::kMqtt5, "ann"));
  ann.say5(subscribe("a", 0));
  ann.heard5();
  auto publish = MqttLab::publish("a");
  publish.properties = {
      {.id = rules::MqttPropertyId::kUserProperty, .text = "tenant", .value = "blue"}};
  ann.say5(publish, "hi");
  EXPECT_EQ(ann.got, ClientOf5::writer5().wire(publish, "hi"));
  ann.got.clear();
  publish.properties = {{.id = rules::MqttPropertyId::kTopicAlias, .number = 1}};
  EXPECT_FALSE(ann.say5(publish));
  EXPECT_EQ(ann.heard5(), "disconnect reason 148\n");
}

TEST(MqttBroker, ClosesAConnectionThatViolatesTheProtocol) {
  proxy::MqttBroker broker;
  Client early(broker);
  EXPECT_FALSE(early.say(MqttLab::answer(MqttType::kPingreq)));
  Client twice(broker);
  EXPECT_TRUE(twice.say(connect("ann", true)));
  EXPECT_TRUE(twice.say(MqttLab::answer(MqttType::kPingreq)));
  EXPECT_FALSE(twice.say(connect("ann", true)));
  Client leaving(broker);
  EXPECT_TRUE(leaving.say(connect("bob", true)));
  EXPECT_FALSE(leaving.say(MqttLab::answer(MqttType::kDisconnect)));
}

}  // namespace
}  // namespace brownout::test
