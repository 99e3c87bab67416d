// WebSocket messages (RFC 6455): all frames of one, or a control frame, which may stand between
// those of another. What a rule touched is framed anew.
#pragma once

#include "proxy/codecs/websocket.h"
#include "proxy/messages/message_codec.h"
#include "rules/dice.h"

namespace brownout::messages {

class WebSocketCodec final : public MessageCodec {
 public:
  // `flow` names the masks' dice.
  explicit WebSocketCodec(rules::Key flow) : flow_(flow) {}

  std::string_view name() const override { return "WebSocket"; }
  unsigned protocols() const override { return rules::kOfWebSocket; }
  MessageReader& reader(Direction direction) override { return side(direction); }
  Bytes write(const rules::Chunk& chunk, Direction direction) override;
  // A binary message of one frame.
  Bytes frame(ByteView payload, Direction direction) {
    return frame(rules::Opcode::kBinary, false, payload, direction);
  }

  class Reader final : public MessageReader {
   public:
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return frame_.size() + wire_.size(); }
    Bytes rest() override;
    // In the middle of a frame or a message.
    bool within() const { return within_; }
    // What the last step was in.
    const codecs::WebSocketParser& frame() const { return parser_; }

   private:
    ReadMessage control_message();
    ReadMessage data_message();

    codecs::WebSocketParser parser_;
    Bytes frame_;    // of the frame that has begun, as it came
    Bytes wire_;     // of the message, its frames that are complete
    Bytes payload_;  // of the data message
    Bytes control_;  // of the control frame
    bool keep_ = false;
    bool within_ = false;
    bool in_data_ = false;  // between two frames of a message
  };

  Reader& side(Direction direction) { return direction == Direction::kUpstream ? up_ : down_; }

 private:
  Bytes frame(rules::Opcode opcode, bool compressed, ByteView payload, Direction direction);

  rules::Key flow_;
  std::uint64_t made_ = 0;  // frames that are not as they came: their masks are draws
  Reader up_;
  Reader down_;
};

}  // namespace brownout::messages
