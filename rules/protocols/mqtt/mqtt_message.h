// A packet of MQTT as a message: the payload of a PUBLISH is its payload, and what stands behind
// the fixed header that of the others.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/message/message_protocol.h"
#include "rules/protocols/mqtt/mqtt.h"

namespace brownout::rules {

struct MqttMessage final : MessageView {
  static const MessageProtocol& protocol();

  MqttPacket packet = {};
  std::shared_ptr<const MqttConnect> client = {};  // whose connection it is; null: not known
  std::string topic = {};  // of a PUBLISH, also where an alias stands for it
  // Inside WebSocket: the frames that held the packet alone, as they came; empty if there are none.
  std::vector<std::byte> frames = {};

  MqttMessage(MqttPacket is, std::shared_ptr<const MqttConnect> of, std::string published_to = {})
      : packet(std::move(is)), client(std::move(of)), topic(std::move(published_to)) {}
  std::size_t memory() const override { return sizeof *this + topic.size() + frames.size(); }
};

// Null where it is no packet of MQTT.
inline const MqttPacket* packet_of(const Chunk& chunk) {
  const auto* view = view_as<MqttMessage>(chunk.message());
  return view != nullptr ? &view->packet : nullptr;
}

// A packet that a rule made, on the connection of `message`. Not a PUBLISH, which has a payload.
Chunk mqtt_chunk(MqttPacket packet, const MqttMessage& message);

// Of users of rehearsals, where [[probe]] does not say.
constexpr std::string_view kUsersTopic = "brownout";
constexpr std::int64_t kUsersQos = 1;

}  // namespace brownout::rules
