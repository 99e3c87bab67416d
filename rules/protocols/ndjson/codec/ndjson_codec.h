// NdjsonCodec splits HTTP bodies of newline-delimited JSON (github.com/ndjson/ndjson-spec) into
// lines, and writes lines. LF ends a line; a CR before it is part of the line end. The last line
// may lack its LF.
//
// Lines are not checked to be JSON; only the match key `json` parses them. A line of more than
// kMostMessage bytes is a violation if it is buffered. Owned by a MessageTunnel. No I/O; one
// thread.
#pragma once

#include <array>

#include "rules/protocols/codec/message_codec.h"
#include "rules/protocols/ndjson/ndjson_message.h"

namespace brownout::messages {

class NdjsonCodec final : public MessageCodec {
 public:
  std::string_view name() const override { return "lines of JSON"; }
  rules::ProtocolSet protocols() const override {
    return rules::ProtocolSet::of(rules::NdjsonMessage::protocol());
  }
  MessageReader& reader(Direction direction) override {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  Bytes write(const rules::Chunk& chunk, Direction direction) override;

 private:
  class Reader final : public MessageReader {
   public:
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return keep_ ? wire_.size() : 0; }
    std::optional<ReadMessage> last() override;
    Bytes rest() override;
    bool passing() const override { return within_ && !keep_; }

   private:
    ReadMessage finish();

    Bytes wire_;           // received bytes of the line, if it is buffered
    bool within_ = false;  // whether a line has begun
    bool keep_ = false;
  };

  Reader up_;
  Reader down_;
  // By direction, upstream first: whether the last line that was written has no LF.
  std::array<bool, 2> open_{};
};

}  // namespace brownout::messages
