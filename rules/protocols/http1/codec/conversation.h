// Conversation: HTTP/1 between one client and its server, exchange after exchange, with the faults
// of the rules in it. No I/O and no clock: it is told what arrived and when, and says what to send.
//
//   request head -> rules -> (delay) -> server -> request body
//   response head -> rules -> (delay) -> client -> response body, and the next request
//
// Bytes that no rule touches pass as they came. One request is served at a time; pipelined ones
// wait. What is no HTTP at all from its first byte on passes as bytes; a request that two parsers
// may read differently is refused with 400 (codecs/http1.h); a response that is no HTTP passes as
// bytes, since that is what the server said. After an upgrade or CONNECT it is a tunnel.
//
// An end is passed on: when the client says no more while its answer is pending, the server hears
// of it, as it would without a proxy, and may go on or give up. When the server closes behind an
// answer that came before the request was complete, the client hears of that (RFC 9112, 9.6).
// Owned by its flow; one thread.
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
  // The flow around it. Nothing here may call back, but for ask_for_server -> server_ready.
  class Wire {
   public:
    virtual ~Wire() = default;
    // Borrowed for the call.
    virtual void to_client(ByteView bytes) = 0;
    virtual void to_server(ByteView bytes) = 0;
    // The head of a response goes to the client next; and: its body ends too early.
    virtual void responds(int status) = 0;
    virtual void cut_short() = 0;
    // A connection to the server is needed; a `fresh` one has carried no request before.
    virtual void ask_for_server(bool fresh) = 0;
    // The connection must not be used again.
    virtual void drop_server() = 0;
    // The conversation is over. FIN: behind what was written.
    virtual void close_client(rules::Close how) = 0;
    virtual void finish_client() = 0;  // half-close
    virtual void finish_server() = 0;
    // Sends a request on a connection of its own, whose response nobody hears.
    virtual void send_copy(std::string request, std::string_view method) = 0;
    virtual const rules::RuleSet& rules() = 0;
    virtual void record(const rules::FlowFacts& request, const rules::Rule& rule,
                        Direction direction, const rules::Note& note) = 0;
    // Rules hold a message back: on_release() is called when they let it go, later.
    virtual void watch(const rules::PlanHolds& holds) = 0;
    // Something happened that no rule asked for: "refused", "not HTTP".
    virtual void report(std::string_view event, std::string_view why) = 0;
  };

  // Both are borrowed and outlive it. `websockets`: whether rules may act on their messages.
  Conversation(Wire& wire, const rules::FlowFacts& connection, bool websockets = false);

  void client_bytes(ByteView bytes, Instant now);
  void client_finished(Instant now);
  void server_ready(bool reused, Instant now);
  // No server can be reached; `injected`: a rule refuses it.
  void server_failed(std::string_view why, bool injected, Instant now);
  // A rule lets the dial hang.
  void server_silent() { mode_ = Mode::kHung; }
  void server_bytes(ByteView bytes, Instant now);
  void server_finished(bool reset, Instant now);
  // The rules changed.
  void apply(const rules::RuleSet& set, Instant now);

  Instant deadline() const;
  void advance(Instant now);
  void on_release(Instant now);

  // Whether more bytes are of use now.
  bool wants_client() const;
  bool wants_server() const;
  // Between requests, with a server that another client may have.
  bool server_reusable() const;
  bool tunnel() const { return mode_ == Mode::kTunnel; }
  // Those that act on messages of WebSocket, by name.
  std::vector<std::string> message_rules() const {
    return websocket_ ? websocket_->rules() : std::vector<std::string>();
  }
  bool over() const { return mode_ == Mode::kOver; }

 private:
  enum class Mode {
    kExchanges,  // requests and responses
    kTunnel,     // bytes, or messages of WebSocket
    kHung,       // nothing will come any more, and nothing is closed
    kOver,
  };
  enum class Phase { kHead, kWaiting, kDialling, kBody, kDone };
  // The connection to a server, as far as it has been read.
  enum class Server { kNone, kOpen, kEnded, kReset };
  // The end of one direction: of its source, and of what passes to its sink.
  enum class End { kNotYet, kTold, kPassed };

  struct Side {
    Phase phase = Phase::kHead;
    codecs::HttpFraming framing;
    rules::HttpMessage message;  // as rules left it
    bool source_ended = false;   // its own body, whatever became of it
    bool own_body = true;        // its own body is what passes
    bool passed = false;         // everything that goes on has gone on
  };

  void pump(Instant now);
  bool settle(Instant now);
  void next_exchange(Instant now);
  void start_tunnel(Instant now);
  void hang();
  void drop_server();
  void end(rules::Close how);
  void record(Direction direction, const rules::HttpPlan::Notes& notes);
  // For its delay, and what holds it.
  void wait(Side& side, Instant now);
  void wake(Side& side, Instant now);
  void go_on(Side& side, Instant now);
  Instant due() const;
  // What passes as the body of one side: its own, or the one that a rule has put there.
  void begin_body(Side& side, BodyPath& path, Direction direction, Instant now);
  void answer_here(rules::HttpAnswer answer, Instant now);
  // The rest of the request is of no use: its answer is the last.
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
  std::optional<codecs::Http1Parser> responses_;  // anew for each connection to a server
  Backlog client_in_;                             // not parsed yet
  Backlog server_in_;
  codecs::Bytes unparsed_prefix_;  // of what turned out to be no HTTP: goes to the server first
  BodyPath request_body_{*this, Direction::kUpstream};
  BodyPath response_body_{*this, Direction::kDownstream};

  // Of the exchange.
  Side request_;
  Side response_;
  rules::FlowFacts facts_;
  std::optional<rules::HttpExchange> http_;  // when rules may act
  rules::HttpPlan plan_;
  Instant ready_ = rules::kNever;  // when what is kWaiting may go on, but for what holds it
  bool made_here_ = false;         // the response
  bool heard_ = false;             // something of the server's response has come
  bool retried_ = false;
  std::optional<std::string> copy_;  // of the request, to be sent again

  Mode mode_ = Mode::kExchanges;
  Server server_ = Server::kNone;
  End upstream_ = End::kNotYet;
  End downstream_ = End::kNotYet;
  std::uint64_t count_ = 0;
  bool reused_ = false;  // the connection to the server
  bool client_ended_ = false;
  bool close_after_ = false;  // this exchange is the last
  bool deaf_ = false;         // what the client still says is of no use
  bool pumping_ = false;
  bool websockets_;
  std::unique_ptr<messages::MessageTunnel> websocket_;
};

}  // namespace brownout::http
