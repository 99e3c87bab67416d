// WebSocket messages (RFC 6455): all frames of one, or a control frame, which may stand between
// those of another. What a rule touched is framed anew.
//
// With permessage-deflate (RFC 7692) rules see what a message says. Where a message may refer to
// those before it, all are decompressed, whether or not a rule acts now. Once one of them is
// missing, changed or out of order, those behind it go on uncompressed, as a sender may choose for
// each (RFC 7692, 6), since the receiver does not know what they refer to.
#pragma once

#include <optional>

#include "rules/chance/dice.h"
#include "rules/protocols/codec/message_codec.h"
#include "rules/protocols/websocket/codec/inflate.h"
#include "rules/protocols/websocket/codec/websocket.h"

namespace brownout::messages {

class WebSocketCodec final : public MessageCodec {
 public:
  // `flow` names the masks' dice.
  explicit WebSocketCodec(rules::Key flow, std::optional<codecs::Deflate> deflate = {})
      : flow_(flow) {
    if (!deflate) return;
    up_.deflate(deflate->upstream_takeover);
    down_.deflate(deflate->downstream_takeover);
  }

  std::string_view name() const override { return "WebSocket"; }
  rules::ProtocolSet protocols() const override {
    return rules::ProtocolSet::of(rules::WebSocketMessage::protocol());
  }
  MessageReader& reader(Direction direction) override { return side(direction); }
  Bytes write(const rules::Chunk& chunk, Direction direction) override;
  // A binary message of one frame.
  Bytes frame(ByteView payload, Direction direction) {
    return frame(rules::Opcode::kBinary, false, payload, direction);
  }

  // Of one direction.
  class Reader final : public MessageReader {
   public:
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return frame_.size() + wire_.size(); }
    Bytes rest() override;
    bool passing() const override { return within_ && !keep_; }
    // In the middle of a frame or a message.
    bool within() const { return within_; }
    // What the last step was in.
    const codecs::WebSocketParser& frame() const { return parser_; }

    // Its messages may be compressed; `takeover`: and refer to those before.
    void deflate(bool takeover) {
      inflater_.emplace();
      takeover_ = takeover;
    }
    // Whether a compressed message can go on as it came; it goes on next.
    bool passes_on(std::uint64_t deflated);

   private:
    ReadMessage control_message();
    ReadMessage data_message();
    std::string_view read_payload(bool control, bool ended);
    bool inflates() const { return inflater_ && parser_.compressed(); }

    codecs::WebSocketParser parser_;
    Bytes frame_;    // of the frame that has begun, as it came
    Bytes wire_;     // of the message, its frames that are complete
    Bytes payload_;  // of the data message, decompressed
    Bytes control_;  // of the control frame
    bool keep_ = false;
    bool within_ = false;
    bool in_data_ = false;  // between two frames of a message
    bool cut_ = false;      // a Close came there
    std::optional<codecs::Inflater> inflater_;
    bool takeover_ = false;
    std::uint64_t deflated_ = 0;  // compressed messages that came
    std::uint64_t passed_ = 0;    // of them, those that went on as they came, one behind the other
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
