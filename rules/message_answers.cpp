#include "rules/message_answers.h"

#include <array>
#include <span>
#include <string>

namespace brownout::rules {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

Chunk made(Message message, std::span<const std::byte> payload = {}) {
  return Chunk::of(payload, std::make_shared<const Message>(std::move(message)));
}

std::optional<Refusal> refused_by_mqtt(const Message& asked, const RefusalWish& wish) {
  const auto& packet = *asked.mqtt;
  const auto level = packet.connect ? packet.connect->level
                     : asked.client ? asked.client->level
                                    : kMqtt311;
  auto answer = refusal_of(packet, level, wish.reason);
  if (!answer) return std::nullopt;
  const bool ends = answer->type == MqttType::kConnack;
  return Refusal{mqtt_chunk(std::move(*answer), asked), ends};
}

// A Close with its status code (RFC 6455, 5.5.1), big-endian.
constexpr std::array kTryAgainLater{std::byte{1013 >> 8}, std::byte{1013 & 255}};

}  // namespace

Chunk mqtt_chunk(MqttPacket packet, const Message& message) {
  return made({.protocol = MessageProtocol::kMqtt,
               .mqtt = std::make_shared<const MqttPacket>(std::move(packet)),
               .client = message.client});
}

Chunk xmpp_chunk(std::string_view element, XmppElement is) {
  XmppStanza stanza;
  stanza.element = is;
  return made({.protocol = MessageProtocol::kXmpp,
               .xmpp = std::make_shared<const XmppStanza>(std::move(stanza))},
              bytes_of(element));
}

std::optional<Refusal> refusal_of(const Chunk& asked, const RefusalWish& wish) {
  if (asked.message() == nullptr) return std::nullopt;
  const auto& message = *asked.message();
  switch (message.protocol) {
    case MessageProtocol::kMqtt:
      return refused_by_mqtt(message, wish);
    case MessageProtocol::kXmpp:
      if (auto answer = xmpp_refusal(*message.xmpp, wish.condition)) {
        return Refusal{xmpp_chunk(*answer)};
      }
      return std::nullopt;
    case MessageProtocol::kWebSocket:
      if (message.opcode != Opcode::kText && message.opcode != Opcode::kBinary) return std::nullopt;
      return Refusal{made({.opcode = Opcode::kClose}, kTryAgainLater), true};
    case MessageProtocol::kFramed:
      return Refusal{made({.protocol = MessageProtocol::kFramed}, bytes_of(wish.text))};
  }
  return std::nullopt;
}

std::optional<Chunk> pong_of(const Chunk& ping) {
  if (ping.message() == nullptr) return std::nullopt;
  const auto& message = *ping.message();
  if (message.mqtt) {
    if (message.mqtt->type != MqttType::kPingreq) return std::nullopt;
    const MqttPacket answer{.type = MqttType::kPingresp};
    return mqtt_chunk(answer, message);
  }
  if (message.xmpp) {
    const auto answer = xmpp_pong(*message.xmpp);
    return answer ? std::optional(xmpp_chunk(*answer)) : std::nullopt;
  }
  const bool is_ping =
      message.protocol == MessageProtocol::kWebSocket && message.opcode == Opcode::kPing;
  if (!is_ping) return std::nullopt;
  return made({.opcode = Opcode::kPong}, ping.bytes());
}

std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text) {
  if (chunk.message() == nullptr) return std::nullopt;
  const auto& message = *chunk.message();
  if (message.mqtt && message.mqtt->type != MqttType::kPublish) return std::nullopt;
  if (message.xmpp) {
    const auto begin = message.xmpp->body_begin;
    const auto end = message.xmpp->body_end;
    if (end == 0 || end > chunk.size() || chunk.touched()) return std::nullopt;
    const auto all = chunk.bytes();
    const std::string_view written(reinterpret_cast<const char*>(all.data()), all.size());
    auto stanza = *message.xmpp;
    stanza.body = text;
    const auto escaped = xml_escaped(text);
    stanza.body_end = begin + escaped.size();
    const auto whole =
        std::string(written.substr(0, begin)) + escaped + std::string(written.substr(end));
    return made({.protocol = message.protocol,
                 .xmpp = std::make_shared<const XmppStanza>(std::move(stanza))},
                bytes_of(whole));
  }
  const bool websocket = message.protocol == MessageProtocol::kWebSocket;
  if (websocket && message.opcode != Opcode::kText && message.opcode != Opcode::kBinary) {
    return std::nullopt;
  }
  return made({.protocol = message.protocol,
               .opcode = message.opcode,
               .mqtt = message.mqtt,
               .client = message.client,
               .topic = message.topic,
               .kind = message.kind,
               .acknowledging = message.acknowledging},
              bytes_of(text));
}

}  // namespace brownout::rules
