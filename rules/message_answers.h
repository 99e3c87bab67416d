// What can be made of a message without its protocol's codec: the answers that a server, or the
// other end, would give, and the same message with another text.
#pragma once

#include <optional>
#include <string_view>

#include "rules/chunk.h"
#include "rules/message.h"

namespace brownout::rules {

// What `reject` is told of a refusal; of each protocol its own.
struct RefusalWish {
  std::optional<MqttReason> reason;
  StanzaCondition condition;
  std::string text;  // framed: all of it
};
struct Refusal {
  Chunk message;
  bool ends = false;  // the connection, too
};

// What a server that does not want it would say; none if it is nothing that can be refused: MQTT
// (mqtt.h), XMPP (xmpp.h), WebSocket a Close 1013, which is "try again later".
std::optional<Refusal> refusal_of(const Chunk& asked, const RefusalWish& wish);

// What proves to its sender that somebody is there; none if it is no ping.
std::optional<Chunk> pong_of(const Chunk& ping);

// The same with another text: what MQTT publishes, the body of an XMPP message, what WebSocket and
// a framing carry. None if it carries none.
std::optional<Chunk> with_text(const Chunk& chunk, std::string_view text);

// A packet that a rule made, on the connection of `message`. Not a PUBLISH, which has a payload.
Chunk mqtt_chunk(MqttPacket packet, const Message& message);
// An element that a rule made.
Chunk xmpp_chunk(std::string_view element, XmppElement is = XmppElement::kOther);

}  // namespace brownout::rules
