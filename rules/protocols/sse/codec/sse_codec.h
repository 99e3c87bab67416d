// SseCodec reads and writes the messages of an event stream (WHATWG HTML, 9.2.5 and 9.2.6).
//
// A message consists of the lines up to an empty line. A comment line that no field precedes is a
// message of its own: servers send it as keep-alive, so it must not wait for an empty line. Empty
// lines before a message have no meaning and belong to that message. An event of more than
// kMostMessage bytes is a violation if it is buffered. Owned by a MessageTunnel. No I/O; one
// thread.
#pragma once

#include <memory>
#include <string>

#include "rules/protocols/codec/message_codec.h"
#include "rules/protocols/sse/sse_message.h"

namespace brownout::messages {

class SseCodec final : public MessageCodec {
 public:
  // `last_event_id` is the value of the request's header, or "".
  explicit SseCodec(std::string last_event_id)
      : last_event_id_(std::make_shared<const std::string>(std::move(last_event_id))) {}

  std::string_view name() const override { return "an event stream"; }
  rules::ProtocolSet protocols() const override {
    return rules::ProtocolSet::of(rules::SseMessage::protocol());
  }
  MessageReader& reader(Direction direction) override {
    return direction == Direction::kUpstream ? up_ : down_;
  }
  Bytes write(const rules::Chunk& chunk, Direction direction) override;

 private:
  class Reader final : public MessageReader {
   public:
    explicit Reader(const SseCodec& codec) : codec_(codec) {}
    Step next(ByteView bytes, bool keep) override;
    std::size_t held() const override { return keep_ ? wire_.size() : 0; }
    std::optional<ReadMessage> last() override;
    Bytes rest() override;
    bool passing() const override { return within_ && !keep_; }

   private:
    // The kind of the current line, as far as it has arrived.
    enum class Line { kBegins, kMark, kComment, kField };

    // Takes bytes of the current line, or its end. Sets `ends` if the message ends with them.
    std::size_t take(std::string_view bytes, bool& ends);
    void begin_line(char c);
    bool end_line();
    ReadMessage finish();

    const SseCodec& codec_;
    Bytes wire_;  // received bytes of the message, if it is buffered
    Line line_ = Line::kBegins;
    bool fields_ = false;    // whether the message has a complete line with a field
    std::size_t empty_ = 0;  // number of empty lines before the message
    bool after_cr_ = false;  // whether the last byte is a CR, which an LF may follow
    bool complete_ = false;  // whether the message is complete except for this optional LF
    bool lone_cr_ = false;   // whether the last line end with a CR had no LF
    std::size_t mark_ = 0;   // number of bytes of a byte order mark at the start of the stream
    bool stream_begins_ = true;
    bool within_ = false;  // whether a message has begun
    bool keep_ = false;
  };

  std::shared_ptr<const std::string> last_event_id_;
  Reader up_{*this};
  Reader down_{*this};
};

}  // namespace brownout::messages
