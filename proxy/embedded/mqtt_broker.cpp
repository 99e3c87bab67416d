#include "proxy/embedded/mqtt_broker.h"

#include <algorithm>

namespace brownout::proxy {
namespace {

using codecs::ByteView;
using rules::MqttPacket;
using rules::MqttType;

constexpr std::size_t kMostPacket = 1 << 20;
constexpr std::size_t kMostOutgoing = 10'000;
constexpr std::size_t kMostSessions = 10'000;
constexpr std::size_t kMostFilters = 1000;
constexpr std::uint8_t kNoTopic = 0x8f;  // 2.4: topic filter invalid

MqttPacket answer(MqttType type, std::uint16_t id) { return {.type = type, .id = id}; }

}  // namespace

bool MqttBroker::take(Peer& peer, std::string& in) {
  while (true) {
    const auto bytes = codecs::bytes_of(in);
    const auto head = codecs::read_mqtt_head(bytes);
    if (head.state == codecs::MqttHead::State::kMore) return true;
    const auto size = head.size + head.rest;
    if (head.state == codecs::MqttHead::State::kBroken || size > kMostPacket) return false;
    if (size > bytes.size()) return true;
    const auto known = ids_.find(&peer);
    auto* session = known != ids_.end() ? &sessions_[known->second] : nullptr;
    const auto read =
        codecs::read_mqtt(bytes.first(size), session ? session->level : rules::kMqtt311);
    if (!read || (session == nullptr) != read->packet.connect.has_value()) return false;
    const bool goes_on = session ? serve(*session, read->packet, read->payload)
                                 : connect(peer, *read->packet.connect);
    if (!goes_on) return false;
    in.erase(0, size);
  }
}

bool MqttBroker::connect(Peer& peer, const rules::MqttConnect& client) {
  if (sessions_.size() >= kMostSessions) return false;
  const auto id =
      client.client_id.empty() ? "anonymous " + std::to_string(++anonymous_) : client.client_id;
  auto& session = sessions_[id];
  if (auto* before = session.peer; before != nullptr) {
    ids_.erase(before);
    before->taken_over();
  }
  if (client.clean_start) session = {};
  const bool present = !session.filters.empty() || !session.outgoing.empty();
  session.peer = &peer;
  session.level = client.level;
  session.clean = client.clean_start;
  ids_[&peer] = id;
  send(session, {.type = MqttType::kConnack, .session_present = present});
  send_again(session);
  return true;
}

void MqttBroker::gone(Peer& peer) {
  const auto known = ids_.find(&peer);
  if (known == ids_.end()) return;
  auto& session = sessions_[known->second];
  session.peer = nullptr;
  if (session.clean) sessions_.erase(known->second);
  ids_.erase(known);
}

bool MqttBroker::serve(Session& session, const MqttPacket& packet, ByteView payload) {
  switch (packet.type) {
    case MqttType::kPublish:
      publish(session, packet, payload);
      return true;
    case MqttType::kPubrel:
      session.received.erase(packet.id);
      send(session, answer(MqttType::kPubcomp, packet.id));
      return true;
    case MqttType::kPubrec:
      for (auto& one : session.outgoing) one.received |= one.packet.id == packet.id;
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
      for (const auto& one : packet.filters) session.filters.erase(one.filter);
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
  for (const auto& one : packet.filters) {
    const bool fits = session.filters.size() < kMostFilters;
    const auto qos = static_cast<std::uint8_t>(std::min(one.options & 3, 2));
    if (fits) session.filters[one.filter] = qos;
    done.reasons.push_back(fits ? qos : kNoTopic);
  }
  send(session, done);
}

void MqttBroker::publish(Session& session, const MqttPacket& packet, ByteView payload) {
  const bool news = packet.qos < 2 || session.received.insert(packet.id).second;
  if (packet.qos == 1) send(session, answer(MqttType::kPuback, packet.id));
  if (packet.qos == 2) send(session, answer(MqttType::kPubrec, packet.id));
  if (news) distribute(packet.topic, payload, packet.qos);
}

void MqttBroker::distribute(const std::string& topic, ByteView payload, std::uint8_t qos) {
  for (auto& [id, session] : sessions_) {
    const auto filter =
        std::find_if(session.filters.begin(), session.filters.end(),
                     [&](const auto& one) { return rules::topic_matches(one.first, topic); });
    if (filter == session.filters.end() || session.outgoing.size() >= kMostOutgoing) continue;
    MqttPacket packet{
        .type = MqttType::kPublish, .qos = std::min(qos, filter->second), .topic = topic};
    if (packet.qos > 0) {
      packet.id = session.last_id = static_cast<std::uint16_t>(session.last_id % 65535 + 1);
      session.outgoing.push_back({packet, std::string(codecs::text_of(payload))});
    }
    send(session, packet, payload);
  }
}

void MqttBroker::send(const Session& session, const MqttPacket& packet, ByteView payload) {
  if (session.peer == nullptr) return;
  session.peer->send(codecs::write_mqtt(packet, session.level, payload));
}

// 4.4.
void MqttBroker::send_again(Session& session) {
  for (auto& one : session.outgoing) {
    one.packet.dup = true;
    if (one.received) {
      send(session, answer(MqttType::kPubrel, one.packet.id));
    } else {
      send(session, one.packet, codecs::bytes_of(one.payload));
    }
  }
}

void MqttBroker::acknowledged(Session& session, std::uint16_t id) {
  std::erase_if(session.outgoing, [&](const auto& one) { return one.packet.id == id; });
}

}  // namespace brownout::proxy
