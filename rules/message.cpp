#include "rules/message.h"

namespace brownout::rules {

bool Message::acknowledges() const {
  if (!mqtt) return false;
  switch (mqtt->type) {
    case MqttType::kPuback:
    case MqttType::kPubrec:
    case MqttType::kPubrel:
    case MqttType::kPubcomp:
      return true;
    default:
      return false;
  }
}

std::shared_ptr<const Message> Message::refusal(const std::optional<MqttReason>& reason) const {
  if (!mqtt) return nullptr;
  const auto level = mqtt->connect ? mqtt->connect->level : client ? client->level : kMqtt311;
  auto answer = refusal_of(*mqtt, level, reason);
  if (!answer) return nullptr;
  return std::make_shared<const Message>(
      Message{.mqtt = std::make_shared<const MqttPacket>(std::move(*answer)), .client = client});
}

std::shared_ptr<const Message> Message::pong() const {
  if (mqtt) {
    if (mqtt->type != MqttType::kPingreq) return nullptr;
    const MqttPacket answer{.type = MqttType::kPingresp};
    return std::make_shared<const Message>(
        Message{.mqtt = std::make_shared<const MqttPacket>(answer), .client = client});
  }
  if (opcode != Opcode::kPing) return nullptr;
  return std::make_shared<const Message>(Message{.opcode = Opcode::kPong});
}

}  // namespace brownout::rules
