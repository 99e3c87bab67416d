// MessageCodec: parses the bytes of one connection into protocol messages and writes messages back
// to bytes. Faults see messages only in this form. A codec covers both directions.
//
// Parsing is incremental and bounded: a message is buffered whole only while a rule can act on it,
// and up to kMostMessage bytes. No I/O; one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rules/match/match.h"
#include "rules/message/chunk.h"
#include "rules/message/message.h"
#include "rules/protocols/codec/bytes.h"

namespace brownout::messages {

using codecs::Bytes;
using codecs::ByteView;
using rules::Direction;

// Upper bound, in bytes, for a message that is buffered whole.
inline constexpr std::size_t kMostMessage = 16 << 20;

struct ReadMessage {
  std::shared_ptr<rules::Message> message;  // never null
  Bytes payload;
};

// Parses the messages of one direction.
class MessageReader {
 public:
  // Decides from the head of a message (everything before its payload) whether to buffer the
  // message. Called once per message. A message that is not wanted passes without buffering.
  class Wanted {
   public:
    virtual ~Wanted() = default;
    virtual bool wants(const rules::Message& head) = 0;
    // Whether a rule may act on the answers to the messages of this direction.
    virtual bool wants_answers() const = 0;
  };

  struct Step {
    std::size_t taken = 0;
    bool kept = false;  // the taken bytes are buffered; they return in `ended` or by rest()
    std::optional<ReadMessage> ended = {};  // the message that ends with the taken bytes
    std::string_view broken = {};           // why the bytes violate the protocol; none were taken
    bool secures = false;  // TLS begins after the taken bytes, both ways (STARTTLS)
    bool more = false;     // another message may be ready without further bytes
  };
  virtual ~MessageReader() = default;
  // Reads up to the end of a message or of `bytes`. `bytes` may be empty only after a step that set
  // `more`. `keep` applies to messages that begin in this call; a step never mixes kept and unkept
  // messages.
  virtual Step next(ByteView bytes, bool keep) = 0;
  virtual std::size_t held() const = 0;
  // True in the middle of a message that is not kept: its first bytes have been sent on, so nothing
  // may be inserted before its end.
  virtual bool passing() const = 0;
  // Sets the callback that decides which messages to keep. Borrowed. Codecs that cannot decide from
  // the head ignore the callback.
  virtual void ask(Wanted& /*wanted*/) {}
  // Returns the buffered bytes of the incomplete message, as they arrived, and forgets them.
  virtual Bytes rest() = 0;
};

class MessageCodec {
 public:
  virtual ~MessageCodec() = default;
  virtual std::string_view name() const = 0;
  virtual rules::ProtocolSet protocols() const = 0;
  virtual MessageReader& reader(Direction direction) = 0;
  // For protocols with STARTTLS: the host that the client names, or "".
  virtual std::string host() const { return {}; }
  // TLS has begun: both directions restart inside it.
  virtual void secured() {}
  // Whether the connection must end once `direction` can no longer be parsed. True if the peer
  // would take the raw bytes for a message that a rule removed or still holds.
  virtual bool must_end(Direction) const { return false; }
  // Serializes a message that was kept, or that a rule made. A message that no rule changed is
  // written as it arrived.
  virtual Bytes write(const rules::Chunk& chunk, Direction direction) = 0;
};

}  // namespace brownout::messages
