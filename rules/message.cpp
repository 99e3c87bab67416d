#include "rules/message.h"

#include <array>
#include <utility>

#include "rules/set_text.h"

namespace brownout::rules {

std::string protocols_text(unsigned protocols) {
  constexpr std::array<std::pair<unsigned, std::string_view>, 4> kNames{
      {{kOfWebSocket, "WebSocket"},
       {kOfMqtt, "MQTT"},
       {kOfXmpp, "XMPP"},
       {kOfFramed, "a framing"}}};
  return set_text(protocols, kNames);
}

bool Message::is_control() const {
  return protocol == MessageProtocol::kWebSocket && opcode >= Opcode::kClose;
}

bool Message::ends_conversation() const {
  if (mqtt) return mqtt->type == MqttType::kDisconnect;
  if (xmpp) return xmpp->element == XmppElement::kStreamEnd;
  return protocol == MessageProtocol::kWebSocket && opcode == Opcode::kClose;
}

bool Message::acknowledges() const {
  if (xmpp) return xmpp->element == XmppElement::kAck;
  if (!mqtt) return acknowledging;
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

}  // namespace brownout::rules
