#include "proxy/embedded/mqtt_broker.h"

#include <algorithm>
#include <utility>

namespace brownout::proxy {
namespace {

using codecs::ByteView;
using rules::MqttPacket;
using rules::MqttType;

constexpr std::size_t kMostPacket = 1 << 20;
constexpr std::size_t kMostOutgoing = 10'000;  // limit of unacknowledged messages in one session
// limit of bytes of unacknowledged messages in all sessions together
constexpr std::size_t kMostHeld = 64 << 20;
constexpr std::size_t kMostSessions = 10'000;
constexpr std::size_t kMostFilters = 1000;
constexpr std::uint8_t kNoTopic = 0x8f;  // "topic filter invalid" (MQTT 5.0, section 2.4)
constexpr std::uint8_t kNoAlias = 0x94;  // "topic alias invalid" (MQTT 5.0, section 2.4)
constexpr std::uint8_t kNoClientId = 2;  // "identifier rejected" (MQTT 3.1.1, section 3.2.2.3)

MqttPacket answer(MqttType type, std::uint16_t id) { return {.type = type, .id = id}; }

}  // namespace

bool MqttBroker::take(Peer& peer, std::string& in) {
  while (true) {
    const auto bytes = codecs::bytes_of(in);
    const auto known = ids_.find(&peer);
    auto* session = known != ids_.end() ? &sessions_[known->second] : nullptr;
    const auto level = session != nullptr ? session->level : rules::kMqtt311;
    const auto head = codecs::read_mqtt_head(bytes, level);
    if (head.state == codecs::MqttHead::State::kMore) return true;
    const auto size = head.size + head.rest;
    if (head.state == codecs::MqttHead::State::kBroken || size > kMostPacket) return false;
    if (size > bytes.size()) return true;
    const auto read = codecs::read_mqtt(bytes.first(size), level);
    if (!read || (session == nullptr) != read->packet.connect.has_value()) return false;
    const bool goes_on =
        session ? serve(*session, read->packet, read->payload) : connect(peer, read->packet);
    if (!goes_on) return false;
    in.erase(0, size);
  }
}

std::size_t MqttBroker::Outgoing::size() const {
  return sizeof(Outgoing) + packet.topic.size() + payload.size() +
         packet.properties.size() * sizeof(rules::MqttProperty);
}

bool MqttBroker::connect(Peer& peer, const MqttPacket& packet) {
  const auto& client = *packet.connect;
  const bool v5 = client.level == rules::kMqtt5;
  MqttPacket connack{.type = MqttType::kConnack};
  auto id = client.client_id;
  if (id.empty() && !v5 && (client.level == rules::kMqtt31 || !client.clean_start)) {
    connack.reason = kNoClientId;
    peer.send(codecs::write_mqtt(connack, client.level));
    return false;
  }
  if (id.empty()) {
    id = "anonymous-" + std::to_string(++anonymous_);
    if (v5) connack.properties = {{.id = rules::MqttPropertyId::kAssignedClientId, .text = id}};
  }
  auto* session = begin(peer, client, id);
  if (session == nullptr) return false;
  const auto* most =
      rules::find_property(packet.properties, rules::MqttPropertyId::kReceiveMaximum);
  session->window = most != nullptr ? most->number : Session{}.window;
  connack.session_present = !session->filters.empty() || !session->outgoing.empty();
  send(*session, connack);
  // Unacknowledged messages are sent again on the new connection. A message that was sent before
  // gets the DUP flag (MQTT 5.0, section 4.4).
  for (auto& outgoing : session->outgoing)
    outgoing.packet.dup |= std::exchange(outgoing.sent, false);
  send_waiting(*session);
  return true;
}

// Starts or resumes the client's session. Returns null if too many sessions exist.
MqttBroker::Session* MqttBroker::begin(Peer& peer, const rules::MqttConnect& client,
                                       const std::string& id) {
  if (sessions_.size() >= kMostSessions && !sessions_.contains(id)) return nullptr;
  auto& session = sessions_[id];
  if (auto* before = session.peer; before != nullptr) {
    ids_.erase(before);
    before->taken_over();
  }
  if (client.clean_start) {
    forget(session);
    session = {};
  }
  session.peer = &peer;
  session.level = client.level;
  session.clean = client.clean_start;
  ids_[&peer] = id;
  return &session;
}

void MqttBroker::gone(Peer& peer) {
  const auto known = ids_.find(&peer);
  if (known == ids_.end()) return;
  auto& session = sessions_[known->second];
  session.peer = nullptr;
  if (session.clean) {
    forget(session);
    sessions_.erase(known->second);
  }
  ids_.erase(known);
}

bool MqttBroker::serve(Session& session, const MqttPacket& packet, ByteView payload) {
  switch (packet.type) {
    case MqttType::kPublish:
      return publish(session, packet, payload);
    case MqttType::kPubrel:
      session.received.erase(packet.id);
      send(session, answer(MqttType::kPubcomp, packet.id));
      return true;
    case MqttType::kPubrec:
      for (auto& outgoing : session.outgoing) outgoing.received |= outgoing.packet.id == packet.id;
      send(session, answer(MqttType::kPubrel, packet.id));
      return true;
    case MqttType::kPuback:
    case MqttType::kPubcomp:
      acknowledged(session, packet.id);
      return true;
    case MqttType::kSubscribe:
      subscribe(session, packet);
      return true;
    case MqttType::kUnsubscribe: {
      auto done = answer(MqttType::kUnsuback, packet.id);
      for (const auto& subscription : packet.filters) session.filters.erase(subscription.filter);
      done.reasons.assign(packet.filters.size(), 0);
      send(session, done);
      return true;
    }
    case MqttType::kPingreq:
      send(session, {.type = MqttType::kPingresp});
      return true;
    default:
      return false;
  }
}

void MqttBroker::subscribe(Session& session, const MqttPacket& packet) {
  auto done = answer(MqttType::kSuback, packet.id);
  for (const auto& subscription : packet.filters) {
    const bool fits = session.filters.size() < kMostFilters;
    const auto qos = static_cast<std::uint8_t>(std::min(subscription.options & 3, 2));
    if (fits) session.filters[subscription.filter] = qos;
    done.reasons.push_back(fits ? qos : kNoTopic);
  }
  send(session, done);
}

bool MqttBroker::publish(Session& session, const MqttPacket& packet, ByteView payload) {
  // Disconnects a client that uses a topic alias, since this broker's CONNACK permitted none.
  if (rules::find_property(packet.properties, rules::MqttPropertyId::kTopicAlias) != nullptr) {
    send(session, {.type = MqttType::kDisconnect, .reason = kNoAlias});
    return false;
  }
  const bool news = packet.qos < 2 || session.received.insert(packet.id).second;
  if (packet.qos == 1) send(session, answer(MqttType::kPuback, packet.id));
  if (packet.qos == 2) send(session, answer(MqttType::kPubrec, packet.id));
  if (news) distribute(packet, payload);
  return true;
}

void MqttBroker::distribute(const MqttPacket& published, ByteView payload) {
  for (auto& [id, session] : sessions_) {
    const auto filter = std::find_if(
        session.filters.begin(), session.filters.end(),
        [&](const auto& entry) { return rules::topic_matches(entry.first, published.topic); });
    if (filter == session.filters.end()) continue;
    // The properties of a message are forwarded with it (MQTT 5.0, section 3.3.2.3).
    MqttPacket packet{.type = MqttType::kPublish,
                      .qos = std::min(published.qos, filter->second),
                      .topic = published.topic,
                      .properties = published.properties};
    if (packet.qos == 0) {
      send(session, packet, payload);
      continue;
    }
    Outgoing outgoing{std::move(packet), std::string(codecs::text_of(payload))};
    if (session.outgoing.size() >= kMostOutgoing || held_ + outgoing.size() > kMostHeld) continue;
    outgoing.packet.id = session.last_id = static_cast<std::uint16_t>(session.last_id % 65535 + 1);
    held_ += outgoing.size();
    session.outgoing.push_back(std::move(outgoing));
    send_waiting(session);
  }
}

void MqttBroker::send(const Session& session, const MqttPacket& packet, ByteView payload) {
  if (session.peer == nullptr) return;
  session.peer->send(codecs::write_mqtt(packet, session.level, payload));
}

// Sends messages of the session that were not sent yet, up to the number of unacknowledged messages
// that the client accepts.
void MqttBroker::send_waiting(Session& session) {
  if (session.peer == nullptr) return;
  std::size_t sent = 0;
  for (auto& outgoing : session.outgoing) {
    if (++sent > session.window) return;
    if (std::exchange(outgoing.sent, true)) continue;
    if (outgoing.received) {
      send(session, answer(MqttType::kPubrel, outgoing.packet.id));
    } else {
      send(session, outgoing.packet, codecs::bytes_of(outgoing.payload));
    }
  }
}

void MqttBroker::acknowledged(Session& session, std::uint16_t id) {
  std::erase_if(session.outgoing, [&](const auto& outgoing) {
    if (outgoing.packet.id != id) return false;
    held_ -= outgoing.size();
    return true;
  });
  send_waiting(session);
}

void MqttBroker::forget(Session& session) {
  for (const auto& outgoing : session.outgoing) held_ -= outgoing.size();
  session.outgoing.clear();
}

}  // namespace brownout::proxy
