// One MQTT connection through a MessageTunnel: what either end gets, packet by packet. No sockets,
// no clock.
//
//   MqttLab lab("[[rule]]\nmatch = { packet = \"puback\" }\nfault = { type = \"drop\" }");
//   lab.from_client(MqttLab::publish("a", "hello", 1, 7));
//   EXPECT_EQ(lab.at_server(), "publish a q1 #7 hello\n");
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "proxy/codecs/mqtt.h"
#include "proxy/messages/message_tunnel.h"
#include "proxy/messages/mqtt_codec.h"
#include "rules/rule_set.h"

namespace brownout::test {

class MqttLab final : messages::MessageTunnel::Owner {
 public:
  explicit MqttLab(const std::string& rules = "", std::uint8_t level = rules::kMqtt311,
                   std::size_t piece = 1 << 20);

  static rules::MqttPacket connect(std::uint8_t level, std::string client_id = "phone");
  static rules::MqttPacket publish(std::string topic, std::uint8_t qos = 0, std::uint16_t id = 0);
  static rules::MqttPacket answer(rules::MqttType type, std::uint16_t id = 0,
                                  std::uint8_t reason = 0);

  // A packet; `payload` is of a PUBLISH.
  void from_client(const rules::MqttPacket& packet, std::string_view payload = "");
  void from_server(const rules::MqttPacket& packet, std::string_view payload = "");
  void bytes_from_client(std::string_view bytes);
  void pass(rules::Duration time);
  void set_rules(const std::string& rules);

  // What came since the last time this was asked, one packet a line: "publish a/b q1 #7 dup
  // payload".
  std::string at_server() { return packets(std::exchange(to_server, {})); }
  std::string at_client() { return packets(std::exchange(to_client, {})); }
  std::string wire(const rules::MqttPacket& packet, std::string_view payload = "") const;

  std::string to_server;
  std::string to_client;
  std::string reports;
  std::string closed;  // "fin" or "reset"
  int injected = 0;

 private:
  void tunnel_bytes(rules::Direction direction, codecs::ByteView bytes) override;
  void tunnel_finished(rules::Direction) override {}
  void tunnel_closed(rules::Close how) override {
    closed = how == rules::Close::kFin ? "fin" : "reset";
  }
  void tunnel_injected(const rules::Rule&, rules::Direction, const rules::Note&) override {
    ++injected;
  }
  void tunnel_report(std::string_view event, std::string_view why) override {
    reports += std::string(event) + ": " + std::string(why) + "\n";
  }
  void push(rules::Direction direction, std::string_view bytes);
  std::string packets(const std::string& stream) const;

  std::uint8_t level_;
  std::size_t piece_;
  rules::Instant now_{};
  rules::FlowFacts facts_;
  std::shared_ptr<const rules::RuleSet> set_;
  messages::MessageTunnel tunnel_;
};

}  // namespace brownout::test
