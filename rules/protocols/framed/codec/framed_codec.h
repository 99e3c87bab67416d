// Messages of an in-house protocol, as a framing describes them (rules/protocols/framed/framing.h).
// The payload is what stands between two delimiters, or behind a header with a length; what a rule
// touched is framed anew.
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
    Bytes wire_;  // as far as it is kept; of a header all of it, of a delimiter its
                  // beginning, so that it is found where it is cut
    bool within_ = false;
    bool keep_ = false;
    std::uint64_t left_ = 0;  // of the payload, once the header is complete
    bool counted_ = false;    // it is
  };

  rules::Framing framing_;
  Reader up_{framing_};
  Reader down_{framing_};
};

}  // namespace brownout::messages
