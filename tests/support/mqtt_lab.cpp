#include "tests/support/mqtt_lab.h"

namespace brownout::test {

using rules::MqttPacket;
using rules::MqttType;

MqttPacket MqttLab::connect(std::uint8_t level, std::string client_id) {
  MqttPacket packet{.type = MqttType::kConnect};
  packet.connect = rules::MqttConnect{.level = level,
                                      .clean_start = true,
                                      .keep_alive = 60,
                                      .client_id = std::move(client_id),
                                      .user_name = "ann"};
  return packet;
}

MqttPacket MqttLab::publish(std::string topic, std::uint8_t qos, std::uint16_t id) {
  return {.type = MqttType::kPublish, .qos = qos, .id = id, .topic = std::move(topic)};
}

MqttPacket MqttLab::answer(MqttType type, std::uint16_t id, std::uint8_t reason) {
  return {.type = type, .id = id, .reason = reason};
}

std::string MqttLab::wire(const MqttPacket& packet, std::string_view payload) const {
  const auto bytes = codecs::write_mqtt(packet, level_, codecs::bytes_of(payload));
  return std::string(codecs::text_of(bytes));
}

std::string MqttLab::packets(const std::string& stream) const {
  std::string text;
  for (auto bytes = codecs::bytes_of(stream); !bytes.empty();) {
    const auto head = codecs::read_mqtt_head(bytes, level_);
    const bool whole =
        head.state == codecs::MqttHead::State::kHead && head.size + head.rest <= bytes.size();
    const auto read =
        whole ? codecs::read_mqtt(bytes.first(head.size + head.rest), level_) : std::nullopt;
    if (!read) return text + "(no packet)";
    bytes = bytes.subspan(head.size + head.rest);
    const auto& packet = read->packet;
    text += rules::name_of(packet.type);
    if (packet.type == MqttType::kPublish) {
      text += " " + packet.topic + " q" + std::to_string(packet.qos);
    }
    if (packet.id != 0) text += " #" + std::to_string(packet.id);
    if (packet.reason != 0) text += " reason " + std::to_string(packet.reason);
    if (packet.dup) text += " dup";
    if (!read->payload.empty()) text += " " + std::string(codecs::text_of(read->payload));
    text += "\n";
  }
  return text;
}

}  // namespace brownout::test
