#include <algorithm>

#include "rules/match.h"

namespace brownout::rules {
namespace {

template <class T>
bool contains(const std::vector<T>& chosen, const T& one) {
  return chosen.empty() || std::find(chosen.begin(), chosen.end(), one) != chosen.end();
}

bool has_reason(const MqttPacket& packet, MqttReason reason) {
  switch (packet.type) {
    case MqttType::kConnack:
    case MqttType::kPuback:
    case MqttType::kPubrec:
    case MqttType::kPubrel:
    case MqttType::kPubcomp:
    case MqttType::kDisconnect:
    case MqttType::kAuth:
      return packet.reason == reason.code;
    default:
      return std::find(packet.reasons.begin(), packet.reasons.end(), reason.code) !=
             packet.reasons.end();
  }
}

bool has_property(const MqttPacket& packet, const HeaderPattern& wanted) {
  return std::any_of(packet.properties.begin(), packet.properties.end(), [&](const auto& one) {
    return one.id == MqttPropertyId::kUserProperty && one.text == wanted.name &&
           wanted.value.matches(one.value);
  });
}

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

bool Match::matches_mqtt(const Message& message) const {
  const auto& one = *message.mqtt;
  if (!contains(packet, one.type)) return false;
  const bool publish = one.type == MqttType::kPublish;
  if ((is_for_publish() || !text.empty()) && !publish) return false;
  const auto means = [&](const TopicFilter& filter) {
    return topic_matches(filter.text, message.topic);
  };
  if (!topic.empty() && std::none_of(topic.begin(), topic.end(), means)) return false;
  if (!contains(qos, {one.qos})) return false;
  if ((retain && *retain != one.retain) || (dup && *dup != one.dup)) return false;
  const auto* whose = message.client.get();
  if (!client_id.empty() && (whose == nullptr || !any_matches(client_id, whose->client_id))) {
    return false;
  }
  if (!user_name.empty() &&
      (whose == nullptr || !whose->user_name || !any_matches(user_name, *whose->user_name))) {
    return false;
  }
  const auto has = [&](MqttReason code) { return has_reason(one, code); };
  if (!reason.empty() && std::none_of(reason.begin(), reason.end(), has)) return false;
  return std::all_of(user_property.begin(), user_property.end(),
                     [&](const auto& wanted) { return has_property(one, wanted); });
}

bool Match::matches_xmpp(const XmppStanza& one) const {
  if (!contains(stanza, one.element)) return false;
  if (!type.empty() && !any_matches(type, one.type)) return false;
  if (!from.empty() && !any_matches(from, one.from)) return false;
  if (!to.empty() && !any_matches(to, one.to)) return false;
  const auto wanted = [&](const std::string& name) { return any_matches(ns, name); };
  return ns.empty() || std::any_of(one.namespaces.begin(), one.namespaces.end(), wanted);
}

unsigned Match::protocols() const {
  return (is_for_websocket() ? kOfWebSocket : kOfAny) & (is_for_mqtt() ? kOfMqtt : kOfAny) &
         (is_for_xmpp() ? kOfXmpp : kOfAny) & (is_for_framed() ? kOfFramed : kOfAny);
}

bool Match::matches_text(const Message& message, std::span<const std::byte> payload) const {
  if (message.xmpp) return message.xmpp->body_end > 0 && any_matches(text, message.xmpp->body);
  const bool websocket = message.protocol == MessageProtocol::kWebSocket;
  if (websocket && (message.opcode != Opcode::kText || message.compressed)) return false;
  return any_matches(text, text_of(payload));
}

bool Match::matches(const Message& message, std::span<const std::byte> payload) const {
  if (message.exchange != nullptr) return matches(*message.exchange);
  if ((protocols() & static_cast<unsigned>(message.protocol)) == 0) return false;
  if (!contains(opcode, message.opcode)) return false;
  if (message.mqtt && !matches_mqtt(message)) return false;
  if (message.xmpp && !matches_xmpp(*message.xmpp)) return false;
  if (!kind.empty() && !any_matches(kind, message.kind)) return false;
  // Of MQTT that of the whole packet; one that a rule made has none.
  const auto size = static_cast<std::int64_t>(message.mqtt ? message.wire.size() : payload.size());
  if ((min_size && size < min_size->count) || (max_size && size > max_size->count)) return false;
  return text.empty() || matches_text(message, payload);
}

}  // namespace brownout::rules
