// One message of a protocol on a connection, as rules see it, beside its payload (a Chunk): those
// of WebSocket (RFC 6455) and MQTT (mqtt.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/mqtt.h"
#include "rules/schema.h"

namespace brownout::rules {

enum class Opcode : std::uint8_t { kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// Whose messages those of a connection are.
enum class MessageProtocol { kWebSocket, kMqtt };

struct Message {
  Opcode opcode = Opcode::kBinary;   // of WebSocket
  bool compressed = false;           // permessage-deflate (RFC 7692): the payload cannot be read
  std::vector<std::byte> wire = {};  // as it came, all its frames; empty for one that a rule made

  // Of MQTT, where the payload is that of a PUBLISH; null elsewhere.
  std::shared_ptr<const MqttPacket> mqtt = {};
  std::shared_ptr<const MqttConnect> client = {};  // whose connection it is; null: not known
  std::string topic = {};  // of a PUBLISH, also where an alias stands for it

  // The last that its sender says.
  bool ends_conversation() const {
    return mqtt ? mqtt->type == MqttType::kDisconnect : opcode == Opcode::kClose;
  }
  // Whether it says no more than that another message came.
  bool acknowledges() const;
  // What a server that does not want it would say; null if it is nothing that can be refused.
  std::shared_ptr<const Message> refusal(const std::optional<MqttReason>& reason) const;
  // What proves to its sender that somebody is there; null if it is no ping.
  std::shared_ptr<const Message> pong() const;
};

template <>
struct EnumNames<Opcode> {
  static constexpr std::array kValues{
      std::pair<std::string_view, Opcode>{"text", Opcode::kText},
      std::pair<std::string_view, Opcode>{"binary", Opcode::kBinary},
      std::pair<std::string_view, Opcode>{"close", Opcode::kClose},
      std::pair<std::string_view, Opcode>{"ping", Opcode::kPing},
      std::pair<std::string_view, Opcode>{"pong", Opcode::kPong}};
};

}  // namespace brownout::rules
