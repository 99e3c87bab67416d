// MqttLab runs one MQTT connection through a MessageTunnel, and collects the packets that each end
// receives. The lab uses no sockets and no clock.
//
//   MqttLab lab("[[rule]]\nmatch = { packet = \"puback\" }\nfault = { type = \"drop\" }");
//   lab.from_client(MqttLab::publish("a", "hello", 1, 7));
//   EXPECT_EQ(lab.at_server(), "publish a q1 #7 hello\n");
#pragma once

#include <string>
#include <utility>

#include "rules/protocols/mqtt/codec/mqtt.h"
#include "tests/support/message_lab.h"

namespace brownout::test {

class MqttLab final : public MessageLab {
 public:
  explicit MqttLab(const std::string& rules = "", std::uint8_t level = rules::kMqtt311,
                   std::size_t piece = 1 << 20)
      : MessageLab("mqtt", rules, "", piece), level_(level) {}

  static rules::MqttPacket connect(std::uint8_t level, std::string client_id = "phone");
  static rules::MqttPacket publish(std::string topic, std::uint8_t qos = 0, std::uint16_t id = 0);
  static rules::MqttPacket answer(rules::MqttType type, std::uint16_t id = 0,
                                  std::uint8_t reason = 0);

  // Sends a packet. Only PUBLISH has a payload.
  void from_client(const rules::MqttPacket& packet, std::string_view payload = "") {
    MessageLab::from_client(wire(packet, payload));
  }
  void from_server(const rules::MqttPacket& packet, std::string_view payload = "") {
    MessageLab::from_server(wire(packet, payload));
  }
  void bytes_from_client(std::string_view bytes) { MessageLab::from_client(bytes); }
  void bytes_from_server(std::string_view bytes) { MessageLab::from_server(bytes); }

  // The packets that arrived since the last call, one per line: "publish a/b q1 #7 dup payload".
  std::string at_server() { return packets(MessageLab::at_server()); }
  std::string at_client() { return packets(MessageLab::at_client()); }
  std::string wire(const rules::MqttPacket& packet, std::string_view payload = "") const;
  std::string packets(const std::string& stream) const;

 private:
  std::uint8_t level_;
};

}  // namespace brownout::test
