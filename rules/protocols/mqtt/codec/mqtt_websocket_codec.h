// MQTT inside WebSocket (MQTT 5.0, 6.0: subprotocol "mqtt"): packets in binary messages, which need
// not begin or end where packets do. Control frames are messages of WebSocket among them.
//
// A packet that was alone in its message, as clients and brokers write it, passes in the frames
// that it came in; any other is framed anew. A text frame, or one that is compressed, is no MQTT.
#pragma once

#include "rules/protocols/mqtt/codec/mqtt_codec.h"
#include "rules/protocols/websocket/codec/websocket_codec.h"

namespace brownout::messages {

class MqttWebSocketCodec final : public MessageCodec {
 public:
  // `flow` names the masks' dice.
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
    std::string_view follow();
    std::string_view unfit() const;

    MqttWebSocketCodec& codec_;
    const Direction direction_;
    WebSocketCodec::Reader& frames_;
    MqttCodec::Reader& packets_;
    Bytes wire_;            // of the binary message that is taken apart
    Bytes payload_;         // its own
    std::size_t done_ = 0;  // of the payload
    bool keep_ = false;
  };

  WebSocketCodec frames_;
  MqttCodec packets_;
  Reader up_{*this, Direction::kUpstream};
  Reader down_{*this, Direction::kDownstream};
};

}  // namespace brownout::messages
