// BodyMessages passes the messages in the bodies of one HTTP exchange (Server-Sent Events, lines of
// JSON, gRPC) through the faults of the matching rules. It is a MessageTunnel whose bytes are the
// payload of the request's body (upstream) and of the response's body (downstream), without the
// framing of HTTP/1 or HTTP/2.
//
// The owner creates one object for an exchange, when the first body with messages begins:
//
//   // when the request's head is known
//   messages = BodyMessages::of(owner, facts, listener, Direction::kUpstream);
//   // when the response's head is known
//   if (!messages) messages = BodyMessages::of(owner, facts, listener, Direction::kDownstream);
//   // in both cases, since rules may match the response
//   if (messages) messages->set_rules(rules, now);
//
// begin(direction) returns whether the owner must pass the body of this direction through push()
// and finish(). Compressed bodies (gzip, deflate, br) are decoded if a rule may act on their
// messages, and leave uncompressed. Bodies of application/grpc-web-text (base64) are decoded and
// encoded again.
//
// Rules may change the length of a body: the owner sends a body that goes through the object
// without Content-Length. No I/O and no clock: the caller passes the time. Used on the thread of
// the connection.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/base/base64.h"
#include "rules/language/config.h"
#include "rules/protocols/codec/message_tunnel.h"
#include "rules/protocols/http1/content_decoder.h"

namespace brownout::messages {

class BodyMessages final : private MessageTunnel::Owner {
 public:
  // The functions must not call back into the BodyMessages, and must not destroy it.
  class Owner {
   public:
    virtual ~Owner() = default;
    // Called with payload to send in `direction`. It is valid during the call only.
    virtual void message_bytes(Direction direction, ByteView payload) = 0;
    // Called once when the body in `direction` ends as it should: its sender has ended it, or a
    // rule ends it early. After a rule did, the rest of the sender's body is ignored.
    virtual void messages_ended(Direction direction) = 0;
    // Called when a rule cuts the exchange off within the body: with kFin, the connection ends
    // before the body does; otherwise it is reset. Nothing follows.
    virtual void messages_cut(rules::Close how) = 0;
    // Called when a rule answers the request in place of the server, as with a failed gRPC call. If
    // the response's head has not been sent, the response is 200 with the trailers as its headers,
    // the request's Content-Type, and no body. Otherwise the body ends with `answer.body`, if that
    // is not empty, or else with the trailers. The server's response is discarded. Nothing follows.
    virtual void messages_answered(const BodyAnswer& answer) = 0;
    virtual void message_injected(const rules::Rule& rule, Direction direction,
                                  const rules::Note& note) = 0;
    // Reports an event that no rule caused, such as "not an event stream".
    virtual void messages_report(std::string_view event, std::string_view why) = 0;
  };

  // Returns null if the body in `direction` has no messages of the listener's protocol.
  // `facts.http` must be set; it, `owner` and `listener` are borrowed and must outlive the
  // object.
  static std::unique_ptr<BodyMessages> of(Owner& owner, const rules::FlowFacts& facts,
                                          const rules::Listener& listener, Direction direction);

  enum class Begin {
    kAround,   // the body does not go through the object
    kThrough,  // the body goes through the object
    kDecoded,  // the body goes through the object, and leaves without its content coding
  };
  // Must be called when the body in `direction` begins, after set_rules(). For the response,
  // `facts.http` must have its head.
  Begin begin(Direction direction);
  // Sets the rules, and sets them again: after a reload, and when the response's head is known.
  void set_rules(const rules::RuleSet& set, Instant now) { tunnel_.set_rules(set, now); }
  // Whether a rule may act on the messages in `direction`.
  bool ruled(Direction direction) const { return tunnel_.ruled(direction); }
  // Whether a rule lets no message pass in `direction`, nor the end of the body.
  bool blackholed(Direction direction) const { return tunnel_.blackholed(direction); }
  // Returns the names of the rules in both directions.
  std::vector<std::string> rules() const { return tunnel_.rules(); }

  // Whether the body is complete, as far as its content coding or base64 shows.
  bool whole(Direction direction) const;
  // Cuts the body short, since it cannot be decoded.
  void give_up(std::string_view why);
  // push() takes a part of the payload. finish() takes the end of the body, even if the sender
  // aborted it. After messages_ended() or messages_cut(), further data of the sender is ignored.
  void push(Direction direction, ByteView payload, Instant now);
  void finish(Direction direction, Instant now);
  // Must be called before the end of the response with its trailers, or with the head of a response
  // without a body. Once messages_ended() is called, lacks_trailers() tells whether a rule has
  // removed them.
  void take_trailers(const std::vector<rules::HttpHeader>& trailers) {
    tunnel_.take_trailers(trailers);
  }
  bool lacks_trailers() const { return tunnel_.lacks_trailers(); }

  // Returns the time at which advance() must be called. It releases held messages, too.
  Instant deadline() const { return over_ ? rules::kNever : tunnel_.deadline(); }
  void advance(Instant now);
  // Returns the bytes of messages that faults hold. If they are many, the owner stops reading.
  std::size_t held(Direction direction) const { return tunnel_.held(direction); }
  // Returns the bytes of incomplete messages in both directions.
  std::size_t incomplete() const {
    return tunnel_.incomplete(Direction::kUpstream) + tunnel_.incomplete(Direction::kDownstream);
  }
  // Passes the rest of both bodies as bytes, around the faults.
  void stop_parsing(std::string_view why) {
    tunnel_.stop_parsing(Direction::kUpstream, why);
    tunnel_.stop_parsing(Direction::kDownstream, why);
  }

 private:
  BodyMessages(Owner& owner, const rules::FlowFacts& facts, const rules::Listener& listener,
               std::unique_ptr<MessageCodec> codec);

  void tunnel_bytes(Direction direction, ByteView bytes) override;
  void tunnel_finished(Direction direction) override;
  void tunnel_closed(rules::Close how) override;
  void tunnel_injected(const rules::Rule& rule, Direction direction,
                       const rules::Note& note) override {
    owner_.message_injected(rule, direction, note);
  }
  void tunnel_report(std::string_view event, std::string_view why) override {
    owner_.messages_report(event, why);
  }
  struct Text {
    rules::Base64Decoder in;
    rules::Base64Encoder out;
  };
  struct Body {
    bool ended = false;  // whether messages_ended() was called
    // decodes its content coding; no value without a coding
    std::optional<rules::ContentDecoder> decoder;
    std::optional<Text> text;  // set if it is in base64
  };
  Body& body(Direction direction) { return bodies_[direction == Direction::kUpstream ? 0 : 1]; }
  const Body& body(Direction direction) const {
    return bodies_[direction == Direction::kUpstream ? 0 : 1];
  }
  Owner& owner_;
  const rules::HttpExchange& exchange_;
  const rules::Listener& listener_;
  std::array<Body, 2> bodies_;  // by direction
  bool over_ = false;           // whether messages_cut() or messages_answered() was called
  MessageTunnel tunnel_;
};

}  // namespace brownout::messages
