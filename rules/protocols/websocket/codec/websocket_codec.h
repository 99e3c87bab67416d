// WebSocketCodec reads and writes WebSocket messages (RFC 6455) for the faults of rules.
//
// A message is a control frame, or all fragments of a data message. Messages that a rule changes
// get new frames.
//
// Rules get messages that permessage-deflate (RFC 7692) compressed in decompressed form. With
// context takeover, every message is decompressed, even if no rule acts now. If a rule drops,
// changes or reorders a compressed message, the receiver lacks the context for later ones. Later
// messages are then sent uncompressed, which is allowed for each message (RFC 7692, 6). The codec
// serves one connection. The owner is its MessageTunnel or MqttWebSocketCodec. No I/O; one thread.
#pragma once

#include <optional>

#include "rules/chance/dice.h"
#include "rules/protocols/codec/message_codec.h"
#include "rules/protocols/websocket/codec/inflate.h"
#include "rules/protocols/websocket/codec/websocket.h"

namespace brownout::messages {

class WebSocketCodec final : public MessageCodec {
 public:
  // `flow` seeds the random numbers with which frames are masked.
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
  // Writes a binary message as one frame.
  Bytes frame(ByteView payload, Direction direction) {
    return frame(rules::Opcode::kBinary, false, payload, direction);
  }

  // Reader parses the messages of one direction.
  class Reader final : public MessageReader {
   public:
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return frame_.size() + wire_.size(); }
    Bytes rest() override;
    bool passing() const override { return within_ && !keep_; }
    // Whether the last step ended within a frame or a message.
    bool within() const { return within_; }
    // Returns the parser, which has the properties and the payload of the frame in the last step.
    const codecs::WebSocketParser& frame() const { return parser_; }

    // Enables permessage-deflate. `takeover` means that messages may refer to earlier messages.
    void deflate(bool takeover) {
      inflater_.emplace();
      takeover_ = takeover;
    }
    // Whether the receiver can decompress this message, because it has received all earlier
    // messages. If true, the caller must next forward the message unchanged.
    bool passes_on(std::uint64_t deflated);

   private:
    ReadMessage control_message();
    ReadMessage data_message();
    std::string_view read_payload(bool control, bool ended);
    bool inflates() const { return inflater_ && parser_.compressed(); }

    codecs::WebSocketParser parser_;
    Bytes frame_;    // received bytes of the current frame
    Bytes wire_;     // complete frames of the current message
    Bytes payload_;  // payload of the data message, decompressed
    Bytes control_;  // payload of the control frame that is being read
    bool keep_ = false;
    bool within_ = false;
    bool in_data_ = false;  // whether the reader is between two fragments of a message
    bool cut_ = false;      // whether a Close frame arrived between two fragments
    std::optional<codecs::Inflater> inflater_;
    bool takeover_ = false;
    std::uint64_t deflated_ = 0;  // number of compressed messages received
    // Number of compressed messages forwarded unchanged before the first that was not.
    std::uint64_t passed_ = 0;
  };

  Reader& side(Direction direction) { return direction == Direction::kUpstream ? up_ : down_; }

 private:
  Bytes frame(rules::Opcode opcode, bool compressed, ByteView payload, Direction direction);

  rules::Key flow_;
  std::uint64_t made_ = 0;  // number of frames written by the codec; seeds their masks
  Reader up_;
  Reader down_;
};

}  // namespace brownout::messages
