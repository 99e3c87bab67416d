// MqttMessage is an MQTT packet as a message for rules. The message payload is the payload of a
// PUBLISH; for other packets, all bytes after the fixed header. Immutable once rules can access it;
// any thread.
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
  std::shared_ptr<const MqttConnect> client = {};  // the CONNECT of the connection; null if unknown
  // Topic of a PUBLISH; if an alias replaced it, the topic that the alias stands for.
  std::string topic = {};
  // Inside WebSocket: the received frames if they contain only this packet. Otherwise empty.
  std::vector<std::byte> frames = {};

  MqttMessage(MqttPacket is, std::shared_ptr<const MqttConnect> of, std::string published_to = {})
      : packet(std::move(is)), client(std::move(of)), topic(std::move(published_to)) {}
  std::size_t memory() const override { return sizeof *this + topic.size() + frames.size(); }
};

// Returns the packet, or null if the chunk is not an MQTT packet.
inline const MqttPacket* packet_of(const Chunk& chunk) {
  const auto* view = view_as<MqttMessage>(chunk.message());
  return view != nullptr ? &view->packet : nullptr;
}

// Creates a packet for the connection of `message`. Must not be used for PUBLISH, which needs a
// payload.
Chunk mqtt_chunk(MqttPacket packet, const MqttMessage& message);

// Defaults for the synthetic users of a rehearsal, if [[probe]] sets no topic or QoS.
constexpr std::string_view kUsersTopic = "brownout";
constexpr std::int64_t kUsersQos = 1;

}  // namespace brownout::rules
