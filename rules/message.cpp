#include "rules/message.h"

#include <utility>

namespace brownout::rules {

std::string protocols_text(unsigned protocols) {
  constexpr std::array<std::pair<unsigned, std::string_view>, 4> kNames{
      {{kOfWebSocket, "WebSocket"},
       {kOfMqtt, "MQTT"},
       {kOfXmpp, "XMPP"},
       {kOfFramed, "a framing"}}};
  std::vector<std::string_view> some;
  for (const auto& [bit, name] : kNames) {
    if ((protocols & bit) != 0) some.push_back(name);
  }
  std::string text;
  for (std::size_t i = 0; i < some.size(); ++i) {
    if (i > 0) text += i + 1 == some.size() ? " and " : ", ";
    text += some[i];
  }
  return text;
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
