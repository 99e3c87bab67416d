// Tests every MQTT fault over real sockets. The test acts as the broker.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/protocols/mqtt/codec/mqtt.h"
#include "tests/support/proxy_world.h"

namespace brownout::test {
namespace {

using rules::MqttPacket;
using rules::MqttType;

std::string wire(const MqttPacket& packet) {
  return std::string(codecs::text_of(codecs::write_mqtt(packet, rules::kMqtt5)));
}

// A client that has sent CONNECT, and the broker's socket of its connection.
struct MqttWorld {
  explicit MqttWorld(const std::string& rule, const std::string& listener = "")
      : proxy("[[rule]]\n" + rule,
              {.listener = "protocol = \"mqtt\"\n" + listener, .servers = port.address()}) {
    client = proxy.connect();
    MqttPacket connect{.type = MqttType::kConnect};
    connect.connect = rules::MqttConnect{.level = rules::kMqtt5, .client_id = "phone"};
    hello = wire(connect);
    send_all(client, hello);
    broker = port.accept();
  }
  void greet() const { EXPECT_EQ(receive(broker, hello.size()).bytes, hello); }

  TestServer port;
  ProxyWorld proxy;
  std::string hello;
  Fd client;
  Fd broker;
};

TEST(FaultsOverSockets, ack_loss) {
  const MqttWorld world("fault = { type = \"ack_loss\" }");
  world.greet();
  const auto publish = wire({.type = MqttType::kPublish, .qos = 1, .id = 1, .topic = "a"});
  send_all(world.client, publish);
  EXPECT_EQ(receive(world.broker, publish.size()).bytes, publish);
  send_all(world.broker, wire({.type = MqttType::kPuback, .id = 1}));
  send_all(world.broker, publish);
  EXPECT_EQ(receive(world.client, publish.size()).bytes, publish);
}

TEST(FaultsOverSockets, reject) {
  const MqttWorld world("fault = { type = \"reject\", reason = 0x87 }");
  const auto refused = receive(world.client);
  EXPECT_EQ(refused.bytes, wire({.type = MqttType::kConnack, .reason = 0x87}));
  EXPECT_EQ(refused.ending, Ending::kFin);
  const auto at_broker = receive(world.broker);
  EXPECT_EQ(at_broker.bytes, "");
  EXPECT_EQ(at_broker.ending, Ending::kFin);
}

TEST(FaultsOverSockets, mqtt_disconnect) {
  const MqttWorld world("match = { packet = \"publish\" }\nfault = { type = \"mqtt_disconnect\" }");
  world.greet();
  send_all(world.client, wire({.type = MqttType::kPublish, .topic = "a"}));
  const auto received = receive(world.client);
  EXPECT_EQ(received.bytes, wire({.type = MqttType::kDisconnect, .reason = 0x89}));
  EXPECT_EQ(received.ending, Ending::kFin);
  EXPECT_EQ(receive(world.broker).ending, Ending::kFin);
}

TEST(FaultsOverSockets, hold_until) {
  const MqttWorld world(
      "match = { topic = \"a\" }\nfault = { type = \"hold_until\", passes = { packet = "
      "\"pingreq\" } }");
  world.greet();
  const auto held = wire({.type = MqttType::kPublish, .topic = "a"});
  const auto ping = wire({.type = MqttType::kPingreq});
  send_all(world.client, held + ping);
  EXPECT_EQ(receive(world.broker, held.size() + ping.size()).bytes, ping + held);
}

TEST(FaultsOverSockets, replace) {
  const MqttWorld world("fault = { type = \"replace\", text = \"no\" }");
  world.greet();
  const MqttPacket publish{.type = MqttType::kPublish, .topic = "a"};
  const auto with = [&](std::string_view text) {
    return std::string(
        codecs::text_of(codecs::write_mqtt(publish, rules::kMqtt5, codecs::bytes_of(text))));
  };
  send_all(world.client, with("yes"));
  EXPECT_EQ(receive(world.broker, with("no").size()).bytes, with("no"));
}

TEST(FaultsOverSockets, mqtt_session_present) {
  const MqttWorld world("fault = { type = \"mqtt_session_present\", value = true }");
  world.greet();
  send_all(world.broker, wire({.type = MqttType::kConnack}));
  const auto lie = wire({.type = MqttType::kConnack, .session_present = true});
  EXPECT_EQ(receive(world.client, lie.size()).bytes, lie);
}

TEST(FaultsOverSockets, mqtt_receive_maximum) {
  const MqttWorld world(
      "match = { direction = \"downstream\" }\nfault = { type = \"mqtt_receive_maximum\" }");
  world.greet();
  send_all(world.broker, wire({.type = MqttType::kConnack}));
  const auto throttled =
      wire({.type = MqttType::kConnack,
            .properties = {{.id = rules::MqttPropertyId::kReceiveMaximum, .number = 1}}});
  EXPECT_EQ(receive(world.client, throttled.size()).bytes, throttled);
}

TEST(Mqtt, AByteFaultBehindAPacketFaultActsOnThePacketsThatPassed) {
  MqttWorld world(
      "match = { topic = \"gone\" }\nfault = { type = \"drop\" }\n"
      "[[rule]]\nmatch = { direction = \"upstream\" }\n"
      "fault = { type = \"latency\", delay = \"1h\" }");
  send_all(world.client, wire({.type = MqttType::kPublish, .topic = "gone"}));
  const auto kept = wire({.type = MqttType::kPublish, .topic = "kept"});
  send_all(world.client, kept);
  const auto held = [&] {
    const auto flows = world.proxy.on_control([&] { return world.proxy.engine().flows(); });
    return flows.size() == 1 && flows[0].held[0] == world.hello.size() + kept.size();
  };
  EXPECT_TRUE(eventually(held));
  world.proxy.reload("");
  EXPECT_EQ(receive(world.broker, world.hello.size() + kept.size()).bytes, world.hello + kept);
}

TEST(Mqtt, DeliversAllDelayedPacketsThatExceedTheBuffer) {
  const MqttWorld world(
      "match = { topic = \"late\" }\nfault = { type = \"delay\", delay = \"20ms\" }",
      "buffer = \"64 KiB\"");
  world.greet();
  // Payloads are empty, so only the number of packets fills the buffer.
  std::string all;
  for (std::uint16_t i = 1; i <= 20'000; ++i) {
    all += wire({.type = MqttType::kPublish, .qos = 1, .id = i, .topic = "late"});
  }
  std::thread writer([&] { send_all(world.client, all); });
  EXPECT_TRUE(receive(world.broker, all.size()).bytes == all);
  writer.join();
}

TEST(Mqtt, AHalfCloseFollowsDelayedPackets) {
  const MqttWorld world(
      "match = { topic = \"late\" }\nfault = { type = \"delay\", delay = \"100ms\" }");
  world.greet();
  const auto late = wire({.type = MqttType::kPublish, .topic = "late"});
  send_all(world.client, late);
  shutdown(world.client.get(), SHUT_WR);
  const auto got = receive(world.broker);
  EXPECT_EQ(got.bytes, late);
  EXPECT_EQ(got.ending, Ending::kFin);
}

}  // namespace
}  // namespace brownout::test
