// MqttBroker is a small MQTT broker (3.1, 3.1.1 and 5.0) inside MessagingServer, for clients that
// begin with a CONNECT.
//
// Sessions have a client id and outlive connections, unless the client wants a clean session.
// Supports QoS 0 to 2, respects the client's limit of in-flight messages, and resends
// unacknowledged messages. Has no retained messages, wills, topic aliases or shared subscriptions.
//
// No I/O and no clock; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>

#include "rules/protocols/mqtt/codec/mqtt.h"

namespace brownout::proxy {

class MqttBroker {
 public:
  // The connection of a client, implemented by the caller. A Peer must stay valid until gone() is
  // called for it.
  class Peer {
   public:
    virtual ~Peer() = default;
    virtual void send(codecs::ByteView packet) = 0;
    // Called when another connection of the same client has taken over the session. Afterwards, the
    // broker no longer calls send().
    virtual void taken_over() = 0;
  };

  // Removes the complete MQTT packets from the front of `in`, the bytes received from `peer`, and
  // handles them. Returns false if the connection must be closed.
  bool take(Peer& peer, std::string& in);
  // Must be called when the connection of the client has ended.
  void gone(Peer& peer);

 private:
  // A message to a subscriber who has not acknowledged it yet.
  struct Outgoing {
    rules::MqttPacket packet;
    std::string payload;
    bool sent = false;      // whether it was sent on the client's present connection
    bool received = false;  // for QoS 2: whether the client's PUBREC has arrived

    std::size_t size() const;  // number of bytes that the message takes in memory
  };
  struct Session {
    Peer* peer = nullptr;
    std::uint8_t level = rules::kMqtt311;
    bool clean = false;
    // number of unacknowledged messages that the client accepts (MQTT 5.0, Receive Maximum)
    std::size_t window = 65'535;
    std::map<std::string, std::uint8_t> filters;
    std::deque<Outgoing> outgoing;
    // Ids of QoS 2 messages from the client for which no PUBREL has arrived yet.
    std::set<std::uint16_t> received;
    std::uint16_t last_id = 0;
  };

  bool connect(Peer& peer, const rules::MqttPacket& packet);
  Session* begin(Peer& peer, const rules::MqttConnect& client, const std::string& id);
  bool serve(Session& session, const rules::MqttPacket& packet, codecs::ByteView payload);
  void subscribe(Session& session, const rules::MqttPacket& packet);
  bool publish(Session& session, const rules::MqttPacket& packet, codecs::ByteView payload);
  void distribute(const rules::MqttPacket& packet, codecs::ByteView payload);
  void send(const Session& session, const rules::MqttPacket& packet, codecs::ByteView payload = {});
  void send_waiting(Session& session);
  void acknowledged(Session& session, std::uint16_t id);
  void forget(Session& session);

  std::map<std::string, Session> sessions_;  // the key is the client id
  std::map<Peer*, std::string> ids_;         // client ids, by open connection
  std::uint64_t anonymous_ = 0;
  std::size_t held_ = 0;  // number of bytes of all unacknowledged messages
};

}  // namespace brownout::proxy
