// Exchange is one HTTP request and its response on their way through the faults of the rules, for
// all versions of HTTP. The codecs of the client's and the server's connection convert between
// bytes and the heads and bodies that an Exchange handles.
//
//   request head -> rules -> (delay) -> server -> request body
//   response head -> rules -> (delay) -> client -> response body
//
// Heads that no rule needs are not copied, and bodies that no rule changes pass as received.
//
// No I/O and no clock: the caller passes the time. Owned by the connection to the client; one
// thread.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "rules/engine/plan_http.h"
#include "rules/protocols/codec/body_messages.h"
#include "rules/protocols/http/codec/body_path.h"
#include "rules/protocols/http/codec/framing.h"

namespace brownout::http {

// Whether a request may be sent again after its connection has ended.
enum class Retry {
  kNo,
  // The server may have processed it, since the connection was idle and then closed. Only requests
  // with a safe method may be sent again (RFC 9110, 9.2.2).
  kIfSafe,
  // The server has refused it before processing (RFC 9113, 8.7). Any request may be sent again.
  kRefused,
  kUnsent,
};

// The part of the request's body that was sent, for a server that refuses the request.
struct SentBody {
  codecs::Bytes bytes;
  bool ended = false;
  bool whole = false;  // whether the client ended it regularly
  std::vector<rules::HttpHeader> trailers;
};

class Exchange final : private BodyPath::Owner, private messages::BodyMessages::Owner {
 public:
  // The progress of a message.
  enum class Phase {
    kHead,        // its head has not arrived
    kCollecting,  // the head leaves only once the body, or its beginning, is there
    kWaiting,     // a rule delays or holds it
    kDialling,    // a request without a connection to the server
    kBody,        // its head has left
    kDone
  };

  // A message whose head leaves now.
  struct Outgoing {
    Direction direction;
    rules::HttpMessage& message;         // its head is empty if no rule may match and none was kept
    const codecs::HttpFraming& framing;  // as received; default for a response made here
    bool as_received;  // the body passes as received, unless the message is malformed by a rule
    bool made_here;    // a response that the proxy generated
    bool may_have_body;
    bool again;  // whether the request is a retry, because its first connection has broken
  };

  // Returns a Content-Length that is larger than the body, for a rule that malforms the message
  // this way.
  static std::string wrong_length(const Outgoing& out);

  // Owner is the interface to the connections to the client and the server. Implementations must
  // not call back into the Exchange, except that ask_for_server() may call server_ready().
  class Owner {
   public:
    virtual ~Owner() = default;
    // Returns the head of the message that arrives in `direction`, and its trailers.
    virtual rules::HttpHead received_head(Direction direction) = 0;
    virtual const std::vector<rules::HttpHeader>& received_trailers(Direction direction) = 0;
    // Sends the head of a message, a part of its body (see BodyPath::Owner), or its end.
    // send_head() may move the headers of a response out of the message. It returns false if a
    // response ends with its head because a rule malforms it.
    virtual bool send_head(const Outgoing& out) = 0;
    virtual void send_body(Direction direction, ByteView raw,
                           std::span<const ByteView> payload) = 0;
    virtual void send_end(Direction direction, const std::vector<rules::HttpHeader>& trailers,
                          bool whole) = 0;
    // Sends "100 Continue" to the client, which then sends the body of its request.
    virtual void send_continue() = 0;
    // Called before the head of a response is sent to the client. `status` is 0 if a rule malforms
    // the response.
    virtual void responds(int status) = 0;
    // Called when the body of the response ends early.
    virtual void cut_short() = 0;

    // Whether this request has a connection to a server.
    virtual bool connected() const = 0;
    // Whether the server may refuse a request after it was sent (Retry::kRefused).
    virtual bool may_refuse() const = 0;
    // Requests a connection to the server. `fresh` requires one that has carried no request before.
    virtual void ask_for_server(bool fresh) = 0;
    // Closes the connection to the server, or this request's stream on it.
    virtual void drop_server() = 0;

    // Called when the exchange ends early, as a rule or an error demands; with Close::kFin, the
    // client gets what was already sent.
    virtual void end(rules::Close how) = 0;
    // Ends the client's HTTP/2 stream with this error code, and the server's stream too if
    // `both_sides` is set. Over HTTP/1, resets the connection.
    virtual void reset_stream(std::uint32_t code, bool /*both_sides*/) = 0;
    // Sends GOAWAY on the client's connection. HTTP/1 has none.
    virtual void send_goaway(const rules::Goaway& /*goaway*/) {}
    // Called when the client gets no response.
    virtual void hang() = 0;
    // Called when the rest of the request is not needed any more.
    virtual void ignore_rest() = 0;

    virtual const rules::RuleSet& rules() = 0;
    virtual void record(const rules::FlowFacts& request, const rules::Rule& rule,
                        Direction direction, const rules::Note& note) = 0;
    // Called when rules hold a message. on_release() must be called when they release it, but not
    // during this call.
    virtual void watch(const rules::PlanHolds& holds) = 0;
    // Reports an event that no rule caused, such as "body unchanged".
    virtual void report(std::string_view event, std::string_view why) = 0;
  };

  // A request that begins.
  struct Request {
    const rules::FlowFacts& connection;
    codecs::HttpFraming framing;
    std::optional<rules::HttpHead> head = {};  // set if it is needed even without matching rules
    bool edited = false;                       // whether `head` differs from the one received
    // The listener, which is borrowed; null if rules act on no messages.
    const rules::Listener* listener = nullptr;
    std::uint64_t number = 1;   // its number within the connection
    bool knows_server = false;  // whether `connection` has the address of its server
  };

  // `owner` is borrowed and must outlive the Exchange.
  explicit Exchange(Owner& owner) : owner_(owner) {}

  // Resets the object for the next request of the same connection.
  void clear();

  void begin(Request&& request, Instant now);
  // Answers a request that was refused before begin().
  void refuse(codecs::HttpFraming framing, rules::HttpAnswer answer, Instant now);
  // Must be called when the final (not 1xx) response begins. `head` is set if it is needed even
  // without matching rules.
  void response(codecs::HttpFraming framing, std::optional<rules::HttpHead>&& head, bool edited,
                Instant now);
  // Must be called when the first bytes of a response have arrived. Interim responses (1xx) are
  // forwarded by the connections, not by the Exchange.
  void response_begins() {
    response_began_ = true;
    sent_body_.reset();
  }
  // Whether take() may be called. False applies backpressure.
  bool takes(Direction direction) const;
  // Takes a part of a body. `ended` means that it is the last part.
  void take(Direction direction, ByteView raw, std::span<const ByteView> payload, bool ended,
            Instant now);
  // Must be called when the client ends its stream within the body of its request.
  void client_ended_in_body(Instant now);

  // Must be called when the connection that ask_for_server() asked for is open, or has failed.
  // `connection` has the address of the server. `injected` means that a rule caused the failure.
  void server_ready(const rules::FlowFacts& connection, Instant now);
  void server_failed(std::string_view why, bool injected, Instant now);
  // Must be called when the connection to the server has ended before the response was complete.
  // `whole` means that the end of the connection is the end of the response.
  void server_ended(rules::Close how, bool whole, Retry retry, Instant now);
  // Must be called when the response is malformed, while its head has not left.
  void server_broken(std::string_view why, Instant now);
  // Applies changed rules.
  void apply(const rules::RuleSet& set, Instant now);

  // Returns the time at which advance() must be called.
  Instant deadline() const;
  // Whether deadline() may be earlier than kNever before the next call of another function. If not,
  // nothing waits, and no stage or message acts.
  bool may_wait() const;
  // Handles delays and holds that are due at `now`, which is not earlier than deadline().
  void advance(Instant now);
  void on_release(Instant now);
  // Sets the phase of completely forwarded messages to kDone. Returns whether anything changed.
  bool settle();
  // Ends the exchange without calling the Owner's end().
  void stop();
  // Ends the effect of the rules, since a tunnel begins. facts() stay valid.
  void leave_rules() { plan_.clear(); }

  bool idle() const { return request_.phase == Phase::kHead; }
  bool done() const { return request_.phase == Phase::kDone && response_.phase == Phase::kDone; }
  bool awaits_response() const { return request_.phase >= Phase::kBody && !made_here_; }
  bool response_began() const { return response_began_; }
  bool made_here() const { return made_here_; }
  // The state of the request (kUpstream) or the response (kDownstream).
  Phase phase(Direction direction) const { return side(direction).phase; }
  const codecs::HttpFraming& framing(Direction direction) const { return side(direction).framing; }
  bool source_ended(Direction direction) const { return side(direction).source_ended; }
  bool passed(Direction direction) const { return side(direction).passed; }
  bool own_body(Direction direction) const { return side(direction).own_body; }
  // Whether the body passes through rules.
  bool chained(Direction direction) const {
    return path(direction).chained() || reads_messages(direction);
  }
  std::size_t held(Direction direction) const {
    return path(direction).held() + (messages_ ? messages_->held(direction) : 0);
  }
  // Whether a rule lets nothing pass any more, in one of the directions.
  bool blackholed() const;
  // Returns the bytes of incomplete messages in the bodies.
  std::size_t incomplete_messages() const { return messages_ ? messages_->incomplete() : 0; }
  // Passes the rest of the bodies as bytes, since incomplete messages take too much memory.
  void stop_parsing(std::string_view why, Instant now) {
    now_ = now;
    if (messages_ && !stopped_) messages_->stop_parsing(why);
  }
  // Returns the names of the rules that act on the messages in the bodies.
  std::vector<std::string> message_rules() const {
    return messages_ ? messages_->rules() : std::vector<std::string>();
  }
  // Returns the request and its response, or null if no rule may match them.
  const rules::HttpExchange* http() const { return http_ ? &*http_ : nullptr; }
  // Returns the facts about the request. Sets them from `connection` and the head if no rule needed
  // them until now.
  const rules::FlowFacts& facts(const rules::FlowFacts& connection);

 private:
  struct Side {
    Phase phase = Phase::kHead;
    codecs::HttpFraming framing;
    rules::HttpMessage message;  // the message as changed by rules
    // Whether the sender's body is complete, even if it is not forwarded.
    bool source_ended = false;
    bool own_body = true;  // whether the sender's body is forwarded instead of a replacement
    // The part of the sender's body that arrived before the head left, if a rule wanted the body.
    std::optional<std::string> collected;
    bool passed = false;        // whether the whole body has been forwarded
    bool has_messages = false;  // whether the body passes through messages_
    bool broken_off = false;    // whether the sender ended the body early
    // Trailers of the sender. Rules may hold the body, so its connection may be gone when they are
    // sent.
    std::vector<rules::HttpHeader> trailers;
  };

  const Side& side(Direction direction) const {
    return direction == Direction::kUpstream ? request_ : response_;
  }
  Side& side(Direction direction) {
    return direction == Direction::kUpstream ? request_ : response_;
  }
  const BodyPath& path(Direction direction) const {
    return direction == Direction::kUpstream ? request_body_ : response_body_;
  }
  BodyPath& path(Direction direction) {
    return direction == Direction::kUpstream ? request_body_ : response_body_;
  }

  void end(rules::Close how);
  void hang();
  void ignore_rest();
  // Ends the stream if a rule demands that at this point. Returns whether it did.
  bool resets_at(rules::StreamReset::At at);
  void record(Direction direction, const rules::HttpPlan::Notes& notes);
  int response_status() const {
    return made_here_ ? response_.message.head.status : response_.framing.status;
  }
  // Makes the message wait as long as rules delay or hold it.
  void wait(Side& side, Instant now);
  void wake(Side& side, Instant now);
  void go_on(Side& side, Instant now);
  Instant due() const;
  void decide_request(Instant now);
  void send_request(Instant now);
  bool may_retry(Retry retry) const;
  // Whether the client's own body is forwarded, perhaps changed by rules.
  bool forwards_body() const { return request_.own_body && request_.framing.has_body; }
  // Sends the head of the request and the part of its body that was sent before.
  void send_again();
  void answer_here(rules::HttpAnswer answer, Instant now);
  // Ends a response that a rule made and left open.
  void end_open_answer(Instant now);
  bool concerns_response() const;
  void response_head(rules::HttpHead&& head, Instant now);
  void send_response(Instant now);

  // Functions for bodies are in exchange_body.cpp.
  // Collects the body if rules want the whole body, and lets them change it. Then calls wait().
  void collect_or_wait(Side& side, Instant now);
  void collect(Side& side, std::span<const ByteView> payload, bool ended, Instant now);
  void give_up_body(Side& side, Instant now);
  void read_body(Side& side, std::optional<std::string> body, Instant now);
  bool may_have_body(const Side& side) const;
  void note_length(const Side& side);
  bool changes_end(const Side& side) const;
  // Describes the message whose head is to be sent. `changes` means that rules act on its body.
  Outgoing outgoing(Side& side, bool changes) const;
  // Sends the head of the message, or lets rules on messages decide about it. Returns false if the
  // message ends with its head.
  bool send_head(Side& side, Instant now);
  bool forward_head(Side& side, Instant now);
  // Whether the head of a response is all of it, so that rules on messages decide about the head.
  bool ends_with_head(const Side& side) const;
  // Whether the beginning of the body tells that, or its end.
  bool may_end_with_head(const Side& side) const;
  void forward_trailers_only();
  // Starts to forward a body: the sender's, or a replacement from a rule.
  void begin_body(Side& side, Instant now);
  // Forward a part of the sender's body, or its end, through the messages in it, if it has any.
  void pass(Direction direction, ByteView raw, std::span<const ByteView> payload, Instant now);
  void pass_end(Direction direction, bool whole, Instant now);
  // Finds out whether the body that begins consists of messages on which rules may act.
  void look_for_messages(Side& side, Instant now);
  bool may_have_messages() const {
    return listener_ != nullptr && listener_->protocol.has_body_messages();
  }
  bool reads_messages(Direction direction) const { return side(direction).has_messages; }

  // Implementation of BodyMessages::Owner.
  void message_bytes(Direction direction, ByteView payload) override;
  void messages_ended(Direction direction) override;
  void messages_cut(rules::Close how) override { end(how); }
  void messages_answered(const messages::BodyAnswer& answer) override;
  void message_injected(const rules::Rule& rule, Direction direction,
                        const rules::Note& note) override {
    owner_.record(facts_, rule, direction, note);
  }
  void messages_report(std::string_view event, std::string_view why) override {
    owner_.report(event, why);
  }

  // Implementation of BodyPath::Owner.
  void body_part(Direction direction, ByteView raw, std::span<const ByteView> payload) override;
  // Keeps a part of the request's body for a server that refuses the request.
  void keep(std::span<const ByteView> payload);
  void body_passed(Direction direction, const std::vector<rules::HttpHeader>& trailers,
                   bool whole) override;
  // Sends the end of a body, or keeps it for a server that refuses the request.
  void send_end(Direction direction, const std::vector<rules::HttpHeader>& trailers, bool whole);
  void body_cut(Direction, rules::Close how) override { end(how); }
  void body_injected(const rules::Rule& rule, Direction direction,
                     const rules::Note& note) override {
    owner_.record(facts_, rule, direction, note);
  }

  Owner& owner_;
  BodyPath request_body_{*this, Direction::kUpstream};
  BodyPath response_body_{*this, Direction::kDownstream};
  Side request_;
  Side response_;
  rules::FlowFacts facts_;
  std::optional<rules::HttpExchange> http_;  // set if a rule may match the request
  rules::HttpPlan plan_;
  const rules::Listener* listener_ = nullptr;
  std::unique_ptr<messages::BodyMessages> messages_;  // null if no body has messages
  std::uint64_t sent_ = 0;                            // bytes of the response's body that were sent
  Instant now_{};  // time of the current call, while messages pass
  // When the delay of the waiting message ends. Rules may hold the message longer.
  Instant ready_ = rules::kNever;
  Instant open_until_ = rules::kNever;  // when the response that a rule made and left open ends
  bool stays_open_ = false;
  bool made_here_ = false;       // whether the proxy generated the response
  bool response_began_ = false;  // whether any byte of the server's response has been received
  int retries_ = 0;
  // The sent part of the request's body, kept for a retry until the response begins or the part is
  // too long.
  std::optional<SentBody> sent_body_;
  // whether rules that match on the server's address were applied to the request
  bool knows_server_ = false;
  bool stopped_ = false;  // whether the exchange ended early, or is left without a response
};

}  // namespace brownout::http
