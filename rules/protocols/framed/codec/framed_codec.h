// FramedCodec reads and writes the messages of an in-house protocol, split by a configured framing
// (rules/protocols/framed/framing.h).
//
// The payload is the bytes before a delimiter, or after a header with a length. A message that a
// rule changed gets a new delimiter or length. The connection's MessageTunnel owns the codec. No
// I/O; one thread.
#pragma once

#include "rules/protocols/codec/message_codec.h"
#include "rules/protocols/framed/framed_message.h"
#include "rules/protocols/framed/framing.h"

namespace brownout::messages {

class FramedCodec final : public MessageCodec {
 public:
  explicit FramedCodec(rules::Framing framing) : framing_(std::move(framing)) {}

  std::string_view name() const override { return "of this framing"; }
  rules::ProtocolSet protocols() const override {
    return rules::ProtocolSet::of(rules::FramedMessage::protocol());
  }
  MessageReader& reader(Direction direction) override {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  Bytes write(const rules::Chunk& chunk, Direction direction) override;

 private:
  class Reader final : public MessageReader {
   public:
    explicit Reader(const rules::Framing& framing) : framing_(framing) {}
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return keep_ ? wire_.size() : 0; }
    Bytes rest() override;
    bool passing() const override { return within_ && !keep_; }

   private:
    Step next_delimited(ByteView bytes);
    Step next_counted(ByteView bytes);
    void finish(Step& step);

    const rules::Framing& framing_;
    // Bytes of the message, if it is buffered. Otherwise its header, or its last bytes, which may
    // be the beginning of a split delimiter.
    Bytes wire_;
    bool within_ = false;
    bool keep_ = false;
    std::uint64_t left_ = 0;  // number of payload bytes that have not arrived yet
    bool counted_ = false;    // whether the header is complete
  };

  rules::Framing framing_;
  Reader up_{framing_};
  Reader down_{framing_};
};

}  // namespace brownout::messages
