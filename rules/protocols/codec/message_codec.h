// MessageCodec parses the bytes of one connection, in both directions, into messages of its
// protocol, and writes messages as bytes. Faults get messages only in this form.
//
// Parsing is incremental and bounded. A message is buffered whole only while a rule can act on it,
// and only up to kMostMessage bytes. Owned by a MessageTunnel or a RequestWatch of the connection.
// No I/O; one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/match/match.h"
#include "rules/message/chunk.h"
#include "rules/message/message.h"
#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/http1/http.h"
#include "rules/schema/address_map.h"

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

// An event that no rule caused, such as a message of an unknown version.
struct CodecReport {
  std::string event;
  std::string why;
  bool warns = false;  // users must see it even if only warnings are shown
};

// MessageReader parses the messages of one direction.
class MessageReader {
 public:
  // Decides from the head of a message (all bytes before its payload) whether the message is
  // buffered. Called once per message. A message that is not wanted passes without being buffered.
  class Wanted {
   public:
    virtual ~Wanted() = default;
    virtual bool wants(const rules::Message& head) = 0;
    // Whether a rule may act on the answers to messages of this direction.
    virtual bool wants_answers() const = 0;
  };

  struct Step {
    std::size_t taken = 0;
    // Whether the taken bytes are buffered. They are returned later, in `ended` or by rest().
    bool kept = false;
    std::optional<ReadMessage> ended = {};  // the message that ends with the taken bytes
    // Bytes that pass in place of buffered ones, at the end of a message whose beginning has passed
    // unbuffered.
    std::optional<Bytes> replaced = {};
    // Why the bytes violate the protocol, or "". If it is set, no bytes were taken.
    std::string_view broken = {};
    // Whether TLS begins after the taken bytes, in both directions (STARTTLS).
    bool secures = false;
    // Whether `broken` is about the size of a message, whose protocol is right.
    bool too_large = false;
    std::vector<CodecReport> reports = {};
    bool more = false;  // whether another message may be ready without further bytes
  };
  virtual ~MessageReader() = default;
  // Parses up to the end of a message or of `bytes`. `bytes` may be empty only after a step that
  // set `more`. `keep` says whether to buffer messages that begin in this call. A step never
  // contains both buffered and unbuffered messages.
  virtual Step next(ByteView bytes, bool keep) = 0;
  virtual std::size_t held() const = 0;
  // Whether the current message is incomplete and not buffered. Its first bytes have been
  // forwarded, so no other message may be inserted before its end.
  virtual bool passing() const = 0;
  // Sets the object that decides which messages to buffer. The object is borrowed. Codecs that
  // cannot decide from the head ignore the object.
  virtual void ask(Wanted& /*wanted*/) {}
  // Returns the last message, if the end of the stream completes it and it is buffered. Called
  // once, at the end of the stream, before rest().
  virtual std::optional<ReadMessage> last() { return std::nullopt; }
  // Returns the buffered bytes of the incomplete message as they arrived, and removes them from the
  // buffer.
  virtual Bytes rest() = 0;
};

// The end of an HTTP response with which a rule answers the request in place of the server.
struct BodyAnswer {
  std::vector<rules::HttpHeader> trailers;  // trailers, or headers of a response without a body
  // Payload that has the same meaning for a client that reads no trailers (gRPC-Web); "" if there
  // is none.
  Bytes body;
};

class MessageCodec {
 public:
  virtual ~MessageCodec() = default;
  virtual std::string_view name() const = 0;
  virtual rules::ProtocolSet protocols() const = 0;
  virtual MessageReader& reader(Direction direction) = 0;
  // For protocols with STARTTLS: returns the host that the client names, or "".
  virtual std::string host() const { return {}; }
  // For protocols whose servers announce other servers: from now on, replaces their addresses as
  // `map` says.
  virtual void set_rewrite(const rules::AddressMap& /*map*/) {}
  // Must be called when TLS has begun: both directions restart inside TLS.
  virtual void secured() {}
  // Whether the connection must be closed if `direction` can no longer be parsed. If false, its
  // further bytes pass unparsed. True if the peer would mistake these bytes for a message that a
  // rule removed or still holds.
  virtual bool must_end(Direction) const { return false; }
  // For messages in bodies of HTTP: returns the answer that a rule gave, or null. The answer is not
  // part of the bytes that write() returns.
  virtual const BodyAnswer* answer() const { return nullptr; }
  // For messages in bodies of HTTP: must be called with the trailers of the response before its
  // end. If the protocol treats trailers as a message, the reader returns that message from last().
  virtual void take_trailers(const std::vector<rules::HttpHeader>& /*trailers*/) {}
  // Whether a rule has removed, or still holds, the message that represents the trailers.
  virtual bool lacks_trailers() const { return false; }
  // Serializes a message that was buffered, or that a rule created. A message that no rule changed
  // is written as it arrived.
  virtual Bytes write(const rules::Chunk& chunk, Direction direction) = 0;
};

}  // namespace brownout::messages
