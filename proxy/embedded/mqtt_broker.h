// A small MQTT broker (3.1, 3.1.1 and 5.0): what a MessagingServer is to clients that begin with a
// CONNECT. Sessions by client id, which outlive connections unless the client wants a clean one;
// QoS 0 to 2, no more in flight than a client allows, and what was not acknowledged is sent again.
// It retains nothing, and has no wills, no topic aliases and no shared subscriptions.
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
  // A connection. It outlives what is said of it, to gone().
  class Peer {
   public:
    virtual ~Peer() = default;
    virtual void send(codecs::ByteView packet) = 0;
    // Another connection has taken its session: nothing more is sent to it.
    virtual void taken_over() = 0;
  };

  // Takes whole packets off the front of `in`. False: the connection is over.
  bool take(Peer& peer, std::string& in);
  void gone(Peer& peer);

 private:
  // To a subscriber, and not acknowledged.
  struct Outgoing {
    rules::MqttPacket packet;
    std::string payload;
    bool sent = false;      // on this connection
    bool received = false;  // QoS 2: by its PUBREC

    std::size_t size() const;  // in memory
  };
  struct Session {
    Peer* peer = nullptr;
    std::uint8_t level = rules::kMqtt311;
    bool clean = false;
    std::size_t window = 65'535;  // Receive Maximum (5.0, 3.1.2.11.3)
    std::map<std::string, std::uint8_t> filters;
    std::deque<Outgoing> outgoing;
    std::set<std::uint16_t> received;  // of QoS 2, until their PUBREL
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

  std::map<std::string, Session> sessions_;  // by client id
  std::map<Peer*, std::string> ids_;         // of those that are connected
  std::uint64_t anonymous_ = 0;
  std::size_t held_ = 0;  // by all that is outgoing
};

}  // namespace brownout::proxy
