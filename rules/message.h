// One message of a protocol on a connection, as rules see it, beside its payload (a Chunk): those
// of WebSocket (RFC 6455), MQTT (mqtt.h), XMPP (xmpp.h), and of what a framing tells apart
// (framing.h). A message of HTTP or DNS is one here where a stage must see several of them.
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
#include "rules/xmpp.h"

namespace brownout::rules {

struct FlowFacts;  // match.h

enum class Opcode : std::uint8_t { kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// Whose messages those of a connection are.
enum class MessageProtocol : unsigned { kWebSocket = 1, kMqtt = 2, kXmpp = 4, kFramed = 8 };

// A set of MessageProtocol.
constexpr unsigned kOfWebSocket = static_cast<unsigned>(MessageProtocol::kWebSocket);
constexpr unsigned kOfMqtt = static_cast<unsigned>(MessageProtocol::kMqtt);
constexpr unsigned kOfXmpp = static_cast<unsigned>(MessageProtocol::kXmpp);
constexpr unsigned kOfFramed = static_cast<unsigned>(MessageProtocol::kFramed);
constexpr unsigned kOfAny = kOfWebSocket | kOfMqtt | kOfXmpp | kOfFramed;

// "WebSocket and MQTT"
std::string protocols_text(unsigned protocols);

struct Message {
  MessageProtocol protocol = MessageProtocol::kWebSocket;
  Opcode opcode = Opcode::kBinary;   // of WebSocket
  bool compressed = false;           // permessage-deflate (RFC 7692): the payload cannot be read
  std::vector<std::byte> wire = {};  // as it came, all its frames; empty for one that a rule made

  // Of MQTT inside WebSocket: the frames that held it alone, as they came; empty if there are none.
  std::vector<std::byte> frames = {};

  // Of MQTT, where the payload is that of a PUBLISH; null elsewhere.
  std::shared_ptr<const MqttPacket> mqtt = {};
  std::shared_ptr<const MqttConnect> client = {};  // whose connection it is; null: not known
  std::string topic = {};  // of a PUBLISH, also where an alias stands for it

  // Of XMPP, where the payload is the element as it is written; null elsewhere.
  std::shared_ptr<const XmppStanza> xmpp = {};

  // Of what is framed.
  std::string kind = {};       // "" where there is none
  bool acknowledging = false;  // by its kind

  // Of HTTP or DNS: what is known of it. Borrowed while a stage is told of it (shared_stages.h).
  const FlowFacts* exchange = nullptr;

  // A ping, pong or close of WebSocket.
  bool is_control() const;
  // The last that its sender says.
  bool ends_conversation() const;
  // Whether it says no more than that another message came.
  bool acknowledges() const;
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
