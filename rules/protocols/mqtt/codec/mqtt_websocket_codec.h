// MqttWebSocketCodec reads and writes MQTT packets inside WebSocket messages (subprotocol
// "mqtt": MQTT 5.0, section 6), for the faults of rules. Owned by the connection's MessageTunnel.
//
// Packets are in binary WebSocket messages; a packet may span several messages, and a message may
// contain several packets. Control frames are WebSocket messages between the packets. A packet that
// is alone in its message, as usual, is forwarded in the frames in which it arrived. Other packets
// get new frames. Text frames and compressed frames are not MQTT. No I/O; one thread.
#pragma once

#include "rules/protocols/mqtt/codec/mqtt_codec.h"
#include "rules/protocols/websocket/codec/websocket_codec.h"

namespace brownout::messages {

class MqttWebSocketCodec final : public MessageCodec {
 public:
  // `flow` seeds the random numbers with which frames are masked.
  explicit MqttWebSocketCodec(rules::Key flow) : frames_(flow) {}

  std::string_view name() const override { return "MQTT"; }
  rules::ProtocolSet protocols() const override {
    return packets_.protocols() | frames_.protocols();
  }
  MessageReader& reader(Direction direction) override {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  Bytes write(const rules::Chunk& chunk, Direction direction) override;

 private:
  class Reader final : public MessageReader {
   public:
    Reader(MqttWebSocketCodec& codec, Direction direction);
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override;
    Bytes rest() override;
    bool passing() const override;

   private:
    Step next_packet();
    std::string_view track_packets();
    std::string_view refused_frame() const;

    MqttWebSocketCodec& codec_;
    const Direction direction_;
    WebSocketCodec::Reader& frames_;
    MqttCodec::Reader& packets_;
    Bytes wire_;            // received frames of the current binary message
    Bytes payload_;         // payload of the current binary message
    std::size_t done_ = 0;  // number of payload bytes parsed so far
    bool keep_ = false;
  };

  WebSocketCodec frames_;
  MqttCodec packets_;
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
