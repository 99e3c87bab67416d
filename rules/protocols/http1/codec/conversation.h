// Conversation relays HTTP/1 between one client and its server and applies the faults of the rules.
//
//   request head -> rules -> (delay) -> server -> request body
//   response head -> rules -> (delay) -> client -> response body, and the next request
//
// Messages that no rule modifies pass byte for byte. One request is served at a time; pipelined
// requests wait. A request that two parsers may read differently is refused with 400 (http1.h).
// The connection becomes a tunnel of bytes after an upgrade or CONNECT. The same happens if the
// first request or a response is not HTTP.
//
// Each end of a stream is forwarded. A half-close by the client while a response is pending reaches
// the server. A close by the server after an early response reaches the client (RFC 9112, 9.6).
//
// No I/O and no clock: the caller passes in received bytes and the time, and `Wire` carries out the
// results. Owned by its flow; one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "rules/engine/plan_http.h"
#include "rules/protocols/codec/message_tunnel.h"
#include "rules/protocols/http1/codec/backlog.h"
#include "rules/protocols/http1/codec/body_path.h"

namespace brownout::http {

using codecs::ByteView;
using rules::Direction;
using rules::Instant;

class Conversation final : private BodyPath::Owner, private messages::MessageTunnel::Owner {
 public:
  // The connections to the client and the server, implemented by the flow. Implementations must not
  // call back into the Conversation, except that ask_for_server() may call server_ready().
  class Wire {
   public:
    virtual ~Wire() = default;
    // `bytes` are valid during the call.
    virtual void to_client(ByteView bytes) = 0;
    virtual void to_server(ByteView bytes) = 0;
    // The head of a response follows to the client; `status` is 0 if a rule malforms the response.
    virtual void responds(int status) = 0;
    // The body of the response ends early.
    virtual void cut_short() = 0;
    // Requests a connection to the server; a `fresh` connection has carried no request before.
    virtual void ask_for_server(bool fresh) = 0;
    // The connection must not be used again.
    virtual void drop_server() = 0;
    // The conversation is over. A FIN follows the data already written.
    virtual void close_client(rules::Close how) = 0;
    virtual void finish_client() = 0;  // half-close
    virtual void finish_server() = 0;  // half-close
    // Sends a request over a separate connection and discards the response.
    virtual void send_copy(std::string request, std::string_view method) = 0;
    virtual const rules::RuleSet& rules() = 0;
    virtual void record(const rules::FlowFacts& request, const rules::Rule& rule,
                        Direction direction, const rules::Note& note) = 0;
    // Rules hold a message: call on_release() when they release it, but not during this call.
    virtual void watch(const rules::PlanHolds& holds) = 0;
    // Reports an event that no rule caused, such as "refused" or "not HTTP".
    virtual void report(std::string_view event, std::string_view why) = 0;
  };

  // `wire` and `connection` are borrowed and outlive the Conversation. `websockets`: whether rules
  // may act on WebSocket messages.
  Conversation(Wire& wire, const rules::FlowFacts& connection, bool websockets = false);

  void client_bytes(ByteView bytes, Instant now);
  void client_finished(Instant now);
  void server_ready(bool reused, Instant now);
  // The connection to the server failed; `injected`: because of a rule.
  void server_failed(std::string_view why, bool injected, Instant now);
  // A rule leaves the connection attempt unanswered.
  void server_silent() { mode_ = Mode::kHung; }
  void server_bytes(ByteView bytes, Instant now);
  void server_finished(bool reset, Instant now);
  // Applies changed rules.
  void apply(const rules::RuleSet& set, Instant now);

  Instant deadline() const;
  void advance(Instant now);
  void on_release(Instant now);

  // Whether to read now, or to apply backpressure.
  bool wants_client() const;
  bool wants_server() const;
  // Whether the server connection is idle and may serve another client.
  bool server_reusable() const;
  bool tunnel() const { return mode_ == Mode::kTunnel; }
  // The current request and its response; null if no rule may match.
  const rules::HttpExchange* exchange() const { return http_ ? &*http_ : nullptr; }
  // Names of the rules that act on WebSocket messages.
  std::vector<std::string> message_rules() const {
    return websocket_ ? websocket_->rules() : std::vector<std::string>();
  }
  bool over() const { return mode_ == Mode::kOver; }

 private:
  enum class Mode {
    kExchanges,  // requests and responses
    kTunnel,     // bytes, or WebSocket messages
    kHung,       // a fault keeps the connection open without a response
    kOver,
  };
  enum class Phase { kHead, kWaiting, kDialling, kBody, kDone };
  // State of the connection to the server, as seen by the reader.
  enum class Server { kNone, kOpen, kEnded, kReset };
  // The end of one direction: not handled yet, handed to the WebSocket tunnel, or forwarded.
  enum class End { kNotYet, kInTunnel, kPassed };

  struct Side {
    Phase phase = Phase::kHead;
    codecs::HttpFraming framing;
    rules::HttpMessage message;  // after the rules
    bool source_ended = false;   // the sender's body is complete, even if it is not forwarded
    bool own_body = true;        // the sender's body is forwarded, not a replacement
    bool passed = false;         // the whole body is forwarded
  };

  void pump(Instant now);
  bool settle(Instant now);
  void next_exchange(Instant now);
  void start_tunnel(Instant now);
  void hang();
  void drop_server();
  void end(rules::Close how);
  void record(Direction direction, const rules::HttpPlan::Notes& notes);
  // Waits for the delay and the holds of the message, if any, then goes on.
  void wait(Side& side, Instant now);
  void wake(Side& side, Instant now);
  void go_on(Side& side, Instant now);
  Instant due() const;
  // Starts to forward the body of one side: the sender's, or a replacement from a rule.
  void begin_body(Side& side, BodyPath& path, Direction direction, Instant now);
  void answer_here(rules::HttpAnswer answer, Instant now);
  // Discards the rest of the request. The client's connection closes after the response.
  void ignore_rest();
  int response_status() const {
    return made_here_ ? response_.message.head.status : response_.framing.status;
  }
  bool connected() const { return server_ != Server::kNone; }
  bool server_ended() const { return server_ == Server::kEnded || server_ == Server::kReset; }
  bool hung() const { return mode_ == Mode::kHung; }
  bool awaits_response() const { return request_.phase >= Phase::kBody && !made_here_; }

  // conversation_request.cpp
  std::size_t take_client(ByteView bytes, Instant now);
  bool client_step(ByteView& bytes, Instant now);
  void request_head(Instant now);
  void decide_request(Instant now);
  void write_request(Instant now);
  void request_broken(ByteView rest, Instant now);
  void pass_as_bytes(Instant now);
  void client_end(Instant now);
  void client_end_in_body(Instant now);
  bool looks_like_http(ByteView rest) const;
  void keep_copy(ByteView bytes);

  // conversation_response.cpp
  std::size_t take_server(ByteView bytes, Instant now);
  bool server_step(ByteView& bytes, Instant now);
  void response_head(rules::HttpHead made, Instant now);
  void send_response(Instant now);
  std::string response_text(bool& closes);
  void response_broken(Instant now);
  void server_end(Instant now);

  // BodyPath::Owner
  void body_bytes(Direction direction, ByteView bytes) override;
  void body_passed(Direction direction) override;
  void body_cut(Direction, rules::Close how) override { end(how); }
  void body_injected(const rules::Rule& rule, Direction direction,
                     const rules::Note& note) override {
    wire_.record(facts_, rule, direction, note);
  }

  // MessageTunnel::Owner
  void tunnel_bytes(Direction direction, ByteView bytes) override;
  void tunnel_finished(Direction direction) override;
  void tunnel_closed(rules::Close how) override { end(how); }
  void tunnel_injected(const rules::Rule& rule, Direction direction,
                       const rules::Note& note) override {
    wire_.record(facts_, rule, direction, note);
  }
  void tunnel_report(std::string_view event, std::string_view why) override {
    wire_.report(event, why);
  }
  bool upgrades_to_websocket() const;

  Wire& wire_;
  const rules::FlowFacts& connection_;
  codecs::Http1Parser requests_{codecs::Http1Parser::Side::kRequests};
  std::optional<codecs::Http1Parser> responses_;  // one for each server connection
  Backlog client_in_;                             // bytes not parsed yet
  Backlog server_in_;                             // bytes not parsed yet
  codecs::Bytes unparsed_prefix_;  // parsed bytes that are not HTTP, sent to the server first
  BodyPath request_body_{*this, Direction::kUpstream};
  BodyPath response_body_{*this, Direction::kDownstream};

  // State of the current exchange.
  Side request_;
  Side response_;
  rules::FlowFacts facts_;
  std::optional<rules::HttpExchange> http_;  // set if a rule may match
  rules::HttpPlan plan_;
  Instant ready_ = rules::kNever;  // end of the delay of the side in kWaiting, apart from holds
  bool made_here_ = false;         // the response is not from the server
  bool response_began_ = false;    // bytes of the server's response were received
  bool retried_ = false;
  std::optional<std::string> copy_;  // the request, for duplicate_request

  Mode mode_ = Mode::kExchanges;
  Server server_ = Server::kNone;
  End upstream_ = End::kNotYet;
  End downstream_ = End::kNotYet;
  std::uint64_t count_ = 0;  // requests so far
  bool reused_ = false;      // the server connection has carried other requests
  bool client_ended_ = false;
  bool close_after_ = false;      // this exchange is the last
  bool discards_client_ = false;  // further bytes from the client are discarded
  bool pumping_ = false;
  bool websockets_;
  std::unique_ptr<messages::MessageTunnel> websocket_;
};

}  // namespace brownout::http
