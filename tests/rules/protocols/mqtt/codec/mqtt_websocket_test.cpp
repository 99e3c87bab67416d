// Tests MQTT inside WebSocket: rules match MQTT packets, however WebSocket frames split them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/mqtt_lab.h"
#include "tests/support/websocket_lab.h"

namespace brownout::test {
namespace {

using rules::kMqtt5;
using rules::MqttType;
using rules::Opcode;
using testing::HasSubstr;

const MqttLab& writer() {
  static const MqttLab lab("", kMqtt5);
  return lab;
}

std::string wire(const rules::MqttPacket& packet, std::string_view payload = "") {
  return writer().wire(packet, payload);
}

// The first packet of the client after the upgrade.
std::string hello() { return wire(MqttLab::connect(kMqtt5)); }

struct Lab : WebSocketLab {
  explicit Lab(const std::string& rules = "") : WebSocketLab(rules, 1, "mqtt") {}
  void client(const std::string& bytes) { from_client(bytes, Opcode::kBinary); }
  void server(const std::string& bytes) { from_server(bytes, Opcode::kBinary); }
  // The packets in the binary messages of a received stream, one per line.
  static std::string packets(std::string_view stream) { return writer().packets(data(stream)); }
};

const std::string kElsewhere = R"([[rule]]
match = { topic = "nobody/#" }
fault = { type = "drop" })";

TEST(MqttInWebSocket, RulesMatchPackets) {
  Lab lab(R"([[rule]]
match = { topic = "chat/+", text = "two" }
fault = { type = "drop" }
[[rule]]
fault = { type = "ack_loss" })");
  lab.client(hello());
  lab.client(wire(MqttLab::publish("chat/ann", 1, 1), "one"));
  lab.client(wire(MqttLab::publish("chat/ann", 1, 2), "two"));
  lab.client(wire(MqttLab::publish("news", 1, 3), "two"));
  lab.server(wire(MqttLab::answer(MqttType::kConnack)));
  lab.server(wire(MqttLab::answer(MqttType::kPuback, 1)));
  EXPECT_EQ(Lab::packets(lab.server_bytes()),
            "connect\npublish chat/ann q1 #1 one\npublish news q1 #3 two\n");
  EXPECT_EQ(Lab::packets(lab.client_bytes()), "connack\n");
  EXPECT_EQ(lab.http.reports(), "");
}

TEST(MqttInWebSocket, PacketAloneInItsFramesPassesByteForByte) {
  for (const std::size_t piece : {1U, 2U, 7U, 1000U}) {
    Lab lab(kElsewhere);
    lab.http.piece = piece;
    std::string sent;
    const auto say = [&](const std::string& frames) {
      sent += frames;
      lab.http.client(frames);
    };
    say(Lab::frame(hello(), true, Opcode::kBinary));
    say(Lab::frame("are you there", true, Opcode::kPing));
    say(Lab::frame(wire(MqttLab::publish("chat/ann"), std::string(300, 'x')), true,
                   Opcode::kBinary));
    say(Lab::frame("", true, Opcode::kBinary));
    say(Lab::frame(wire(MqttLab::answer(MqttType::kDisconnect)), true, Opcode::kBinary));
    say(Lab::frame("\x03\xe8", true, Opcode::kClose));
    EXPECT_TRUE(lab.server_bytes() == sent) << "in pieces of " << piece;
    EXPECT_EQ(lab.http.reports(), "");
  }
}

// A message may contain several packets or a part of a packet (MQTT 5.0, 6.0).
TEST(MqttInWebSocket, ReadsPacketsThatSpanMessages) {
  const auto talk = hello() + wire(MqttLab::publish("chat/ann", 1, 1), "one") +
                    wire(MqttLab::publish("nobody/x", 1, 2), "two") +
                    wire(MqttLab::publish("chat/bob", 1, 3), "three");
  for (const std::size_t part : {1U, 3U, 10U, 40U, 1000U}) {
    Lab lab(kElsewhere);
    for (std::size_t i = 0; i < talk.size(); i += part) lab.client(talk.substr(i, part));
    EXPECT_EQ(Lab::packets(lab.server_bytes()),
              "connect\npublish chat/ann q1 #1 one\npublish chat/bob q1 #3 three\n")
        << "in messages of " << part;
    EXPECT_EQ(lab.http.reports(), "");
  }
}

TEST(MqttInWebSocket, NewRuleActsFromTheNextPacket) {
  Lab lab;
  const auto talk = hello() + wire(MqttLab::publish("nobody/x", 0), "passes");
  lab.client(talk.substr(0, talk.size() - 3));
  lab.http.reload(kElsewhere);
  lab.client(talk.substr(talk.size() - 3));
  lab.client(wire(MqttLab::publish("nobody/x", 0), "goes"));
  lab.client(wire(MqttLab::publish("chat", 0), "passes"));
  EXPECT_EQ(Lab::packets(lab.server_bytes()),
            "connect\npublish nobody/x q0 passes\npublish chat q0 passes\n");
}

TEST(MqttInWebSocket, RestoresTheTopicOfAnAliasAfterTheRuleIsRemoved) {
  Lab lab("[[rule]]\nmatch = { topic = \"a\" }\nfault = { type = \"drop\" }");
  const auto publish = [](const std::string& topic, std::string_view payload) {
    auto packet = MqttLab::publish(topic);
    packet.properties = {{.id = rules::MqttPropertyId::kTopicAlias, .number = 1}};
    return wire(packet, payload);
  };
  lab.client(hello());
  auto welcome = MqttLab::answer(MqttType::kConnack);
  welcome.properties = {{.id = rules::MqttPropertyId::kTopicAliasMaximum, .number = 10}};
  lab.server(wire(welcome));
  lab.client(publish("a", "lost"));
  lab.http.reload("");
  const auto last = publish("", "second") + publish("", "third");
  for (std::size_t i = 0; i < last.size(); i += 5) lab.client(last.substr(i, 5));
  EXPECT_EQ(Lab::packets(lab.server_bytes()), "connect\npublish a q0 second\npublish  q0 third\n");
  EXPECT_EQ(lab.http.reports(), "");
}

TEST(MqttInWebSocket, GeneratedPacketsAreBinaryMessages) {
  Lab lab(R"([[rule]]
match = { packet = "pingreq" }
fault = { type = "half_open" }
[[rule]]
match = { topic = "orders" }
fault = { type = "reject", reason = 0x97 })");
  lab.client(hello());
  lab.client(wire(MqttLab::publish("orders", 1, 7), "buy"));
  lab.client(wire(MqttLab::answer(MqttType::kPingreq)));
  EXPECT_EQ(Lab::packets(lab.client_bytes()), "puback #7 reason 151\npingresp\n");
  EXPECT_EQ(Lab::packets(lab.server_bytes()), "connect\n");
}

TEST(MqttInWebSocket, OtherContentPassesAsBytesWithOneEvent) {
  const auto begin = hello() + wire(MqttLab::publish("chat", 0), "one").substr(0, 6);
  for (const auto& rules : {std::string(), kElsewhere}) {
    for (const auto& [opcode, compressed] :
         {std::pair{Opcode::kText, false}, std::pair{Opcode::kBinary, true}}) {
      Lab lab(rules);
      lab.client(begin);
      lab.http.client(Lab::frame("hello", true, opcode, compressed));
      lab.client("and so on");
      EXPECT_EQ(Lab::data(lab.server_bytes()), begin + "hello" + "and so on");
      EXPECT_EQ(lab.http.reports(), "not MQTT\n");
    }
    Lab lab(rules);
    lab.client(wire(MqttLab::publish("chat", 0), "no CONNECT before"));
    lab.client("and so on");
    EXPECT_THAT(Lab::data(lab.server_bytes()), HasSubstr("no CONNECT beforeand so on"));
    EXPECT_EQ(lab.http.reports(), "not MQTT\n");
  }
}

TEST(MqttInWebSocket, ControlFramesAreWebSocketMessages) {
  Lab lab(R"([[rule]]
match = { opcode = "ping" }
fault = { type = "drop" })");
  lab.client(hello());
  lab.from_client("are you there", Opcode::kPing);
  lab.from_client("\x03\xe8", Opcode::kClose);
  EXPECT_EQ(Lab::packets(lab.server_bytes()), "connect\n");
  EXPECT_THAT(lab.at_server(), HasSubstr("close:1000"));
  EXPECT_THAT(lab.at_server(), testing::Not(HasSubstr("ping:")));
}

TEST(MqttInWebSocket, AcceptsTheSubprotocolsThatClientsRequest) {
  for (const std::string name : {"mqtt", "mqttv3.1", "mqtt-v3", "mqtt-v3.1.1", "mqtt-v5"}) {
    WebSocketLab lab("[[rule]]\nmatch = { packet = \"connect\" }\nfault = { type = \"drop\" }", 1,
                     name);
    lab.from_client(hello(), Opcode::kBinary);
    EXPECT_EQ(lab.server_bytes(), "") << name;
  }
}

TEST(MqttInWebSocket, OtherSubprotocolsAreNotMqtt) {
  WebSocketLab lab(R"([[rule]]
match = { packet = "connect" }
fault = { type = "drop" })",
                   1, "chat.v1");
  lab.from_client(hello(), Opcode::kBinary);
  EXPECT_EQ(Lab::packets(lab.server_bytes()), "connect\n");
}

}  // namespace
}  // namespace brownout::test
