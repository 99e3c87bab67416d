#include "proxy/cli/explain_message.h"

namespace brownout::cli {
namespace {

// CLI11 has checked the names.
rules::Message mqtt(const ExplainOptions::AboutMessage& about) {
  rules::MqttPacket packet;
  packet.type =
      *rules::value_named<rules::MqttType>(about.packet.empty() ? "publish" : about.packet);
  packet.topic = about.topic;
  packet.qos = static_cast<std::uint8_t>(about.qos);
  rules::MqttConnect client;
  client.client_id = about.client_id;
  if (!about.user_name.empty()) client.user_name = about.user_name;
  return {.protocol = rules::MessageProtocol::kMqtt,
          .mqtt = std::make_shared<const rules::MqttPacket>(std::move(packet)),
          .client = std::make_shared<const rules::MqttConnect>(std::move(client)),
          .topic = about.topic};
}

rules::Message xmpp(const ExplainOptions::AboutMessage& about) {
  rules::XmppStanza stanza;
  stanza.element =
      *rules::value_named<rules::XmppElement>(about.stanza.empty() ? "message" : about.stanza);
  stanza.type = about.type;
  stanza.from = about.from;
  stanza.to = about.to;
  if (!about.ns.empty()) stanza.namespaces = {about.ns};
  stanza.body = about.text;
  stanza.body_end = about.text.size();
  return {.protocol = rules::MessageProtocol::kXmpp,
          .xmpp = std::make_shared<const rules::XmppStanza>(std::move(stanza))};
}

}  // namespace

std::optional<rules::Message> message_of(const ExplainOptions::AboutMessage& about,
                                         rules::Protocol protocol) {
  if (about == ExplainOptions::AboutMessage{}) return std::nullopt;
  const bool as_mqtt = !about.packet.empty() || !about.topic.empty() || !about.client_id.empty();
  switch (protocol) {
    case rules::Protocol::kMqtt:
      return mqtt(about);
    case rules::Protocol::kXmpp:
      return xmpp(about);
    case rules::Protocol::kFramed:
      return rules::Message{.protocol = rules::MessageProtocol::kFramed, .kind = about.kind};
    case rules::Protocol::kWebSocket:
      if (as_mqtt) return mqtt(about);
      return rules::Message{.opcode = *rules::value_named<rules::Opcode>(
                                about.opcode.empty() ? "text" : about.opcode)};
    default:
      return std::nullopt;
  }
}

}  // namespace brownout::cli
