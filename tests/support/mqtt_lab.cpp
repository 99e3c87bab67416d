#include "tests/support/mqtt_lab.h"

#include <algorithm>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::MqttPacket;
using rules::MqttType;

std::shared_ptr<const rules::RuleSet> set_of(const std::string& rules, rules::Instant now,
                                             const rules::RuleSet* previous = nullptr) {
  return rules::RuleSet::activate(config_of(rules, "mqtt").rules, 1, now, previous);
}

}  // namespace

MqttLab::MqttLab(const std::string& rules, std::uint8_t level, std::size_t piece)
    : level_(level),
      piece_(piece),
      set_(set_of(rules, now_)),
      tunnel_(static_cast<messages::MessageTunnel::Owner&>(*this),
              std::make_unique<messages::MqttCodec>(), flow_of(1)) {
  tunnel_.set_rules(*set_, now_);
}

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

void MqttLab::push(rules::Direction direction, std::string_view bytes) {
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece_, bytes.size()))) {
    tunnel_.push(direction, codecs::bytes_of(bytes.substr(0, piece_)), now_);
  }
}

void MqttLab::from_client(const MqttPacket& packet, std::string_view payload) {
  push(rules::Direction::kUpstream, wire(packet, payload));
}
void MqttLab::from_server(const MqttPacket& packet, std::string_view payload) {
  push(rules::Direction::kDownstream, wire(packet, payload));
}
void MqttLab::bytes_from_client(std::string_view bytes) {
  push(rules::Direction::kUpstream, bytes);
}

void MqttLab::pass(rules::Duration time) {
  const auto until = now_ + time;
  while (tunnel_.deadline() <= until) {
    now_ = tunnel_.deadline();
    tunnel_.advance(now_);
  }
  now_ = until;
}

void MqttLab::set_rules(const std::string& rules) {
  set_ = set_of(rules, now_, set_.get());
  tunnel_.set_rules(*set_, now_);
}

void MqttLab::tunnel_bytes(rules::Direction direction, codecs::ByteView bytes) {
  (direction == rules::Direction::kUpstream ? to_server : to_client) += codecs::text_of(bytes);
}

std::string MqttLab::packets(const std::string& stream) const {
  std::string text;
  for (auto bytes = codecs::bytes_of(stream); !bytes.empty();) {
    const auto head = codecs::read_mqtt_head(bytes);
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
