// MessageCodec: what the messages of a protocol are on the wire: the one view of them that the
// faults of rules have. A codec belongs to one connection and knows both directions.
//
// Incremental and bounded: a message is kept whole only while a rule can act, and up to
// kMostMessage. No I/O; one thread.
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

// Of a message that is taken apart.
inline constexpr std::size_t kMostMessage = 16 << 20;

struct ReadMessage {
  std::shared_ptr<rules::Message> message;  // never null
  Bytes payload;
};

// Of one direction.
class MessageReader {
 public:
  // Whether a message that would be kept is wanted, by its head: what is known before its payload.
  // Asked once a message; one that is not passes as if it had not to be kept.
  class Wanted {
   public:
    virtual ~Wanted() = default;
    virtual bool wants(const rules::Message& head) = 0;
    // Whether a rule looks at the messages that answer these.
    virtual bool wants_answers() const = 0;
  };

  struct Step {
    std::size_t taken = 0;
    bool kept = false;  // it is in the reader, which gives it back with the message, or as rest()
    std::optional<ReadMessage> ended = {};  // behind what was taken
    std::string_view broken = {};           // why it is not this protocol; nothing was taken
    bool secures = false;  // behind what was taken TLS begins, on both sides (STARTTLS)
    bool more = false;     // another message may be ready, whether or not more bytes come
  };
  virtual ~MessageReader() = default;
  // Goes on, to the end of a message or of `bytes`, which are empty only behind `more`. Messages
  // that begin while `keep` is true are kept; one step is of kept ones, or of others.
  virtual Step next(ByteView bytes, bool keep) = 0;
  virtual std::size_t held() const = 0;
  // In the middle of a message that is not kept, and so has begun to pass: nothing may come
  // between.
  virtual bool passing() const = 0;
  // Codecs that can ask do. Borrowed.
  virtual void ask(Wanted& /*wanted*/) {}
  // What was kept of messages that are not complete, as it came; it is forgotten.
  virtual Bytes rest() = 0;
};

class MessageCodec {
 public:
  virtual ~MessageCodec() = default;
  virtual std::string_view name() const = 0;
  virtual rules::ProtocolSet protocols() const = 0;
  virtual MessageReader& reader(Direction direction) = 0;
  // Of one that has STARTTLS: the host that the client means, or ""; and TLS has begun, so that
  // both directions begin anew inside it.
  virtual std::string host() const { return {}; }
  virtual void secured() {}
  // What comes this way can be read no longer: whether it must not pass as bytes, since it would be
  // taken for something that a rule took or owes. The connection ends then.
  virtual bool must_end(Direction) const { return false; }
  // A message that was kept, or that a rule made, on its way in `direction`. One that no rule
  // touched is written as it came.
  virtual Bytes write(const rules::Chunk& chunk, Direction direction) = 0;
};

}  // namespace brownout::messages
