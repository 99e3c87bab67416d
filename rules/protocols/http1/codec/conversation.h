// Conversation handles an HTTP/1 connection of a client: it parses the requests and relays one
// after the other to a server. An Exchange (exchange.h) applies the faults of the rules; an
// Http1Link is the connection to the server.
//
// Messages that no rule modifies pass byte for byte. Pipelined requests wait. A request that two
// parsers may read differently is refused with 400 (http1.h). The connection becomes a tunnel of
// bytes after an upgrade or CONNECT. The same happens if the first request or a response is not
// HTTP.
//
// For the client of a forward proxy, each request names its server by a URL. The request is sent on
// a connection to that server, in the form that servers expect (forward.h).
//
// Each end of a stream is forwarded. A half-close by the client while a response is pending reaches
// the server. A close by the server after an early response reaches the client (RFC 9112, 9.6).
//
// No I/O and no clock: the caller passes received bytes and the time. It calls the interface Wire
// to send bytes and to open and close connections. Owned by the connection that it serves; one
// thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "rules/protocols/codec/byte_queue.h"
#include "rules/protocols/codec/message_tunnel.h"
#include "rules/protocols/http/codec/client_side.h"
#include "rules/protocols/http1/codec/http1_link.h"

namespace brownout::http {

using codecs::ByteView;
using rules::Direction;
using rules::Instant;

class Conversation final : public ClientSide,
                           public ServerUser,
                           private Exchange::Owner,
                           private Http1Link::Wire,
                           private messages::MessageTunnel::Owner {
 public:
  // Wire is the interface to the connections to the client and the server. Implementations must not
  // call back into the Conversation, except that ask_for_server() may call server_ready().
  class Wire {
   public:
    virtual ~Wire() = default;
    // `bytes` are valid during the call only.
    virtual void to_client(ByteView bytes) = 0;
    virtual void to_server(ByteView bytes) = 0;
    // Whether the client's socket accepts more bytes now. Called only if the server speaks HTTP/2.
    // If it returns false, server_moved() must be called when the socket accepts bytes again.
    virtual bool client_takes() const { return true; }
    // Called before the head of a response is sent to the client. `status` is 0 if a rule malforms
    // the response.
    virtual void responds(int status) = 0;
    // Called when the body of the response ends early.
    virtual void cut_short() = 0;
    // Requests a connection to the server. `fresh` requires a connection that has carried no
    // request before.
    virtual void ask_for_server(bool fresh) = 0;
    // Closes the server connection, which must not be used again.
    virtual void drop_server() = 0;
    // Called when the Conversation is over. Unless it is Close::kReset, the client gets the data
    // already written.
    virtual void close_client(rules::Close how) = 0;
    virtual void finish_client() = 0;  // half-closes the connection to the client
    virtual void finish_server() = 0;  // half-closes the connection to the server
    // Sends a copy of a request over a separate connection and discards the response.
    virtual void send_copy(std::string request, std::string_view method) = 0;
    virtual const rules::RuleSet& rules() = 0;
    virtual void record(const rules::FlowFacts& request, const rules::Rule& rule,
                        Direction direction, const rules::Note& note) = 0;
    // Called when rules hold a message. on_release() must be called when they release it, but not
    // during this call.
    virtual void watch(const rules::PlanHolds& holds) = 0;
    // Reports an event that no rule caused, such as "refused" or "not HTTP".
    virtual void report(std::string_view event, std::string_view why) = 0;
  };

  // All are borrowed and must outlive the Conversation. `listener` is null if rules act on no
  // messages, neither in bodies nor after an upgrade.
  Conversation(Wire& wire, const rules::FlowFacts& connection,
               const rules::Listener* listener = nullptr);

  // Must be called if the client uses the listener as a forward proxy and the first request is for
  // a URL. `authorized` returns whether the value of a request's Proxy-Authorization is accepted
  // ("" if the header is absent). It is null if the proxy has no password.
  void forward(std::function<bool(std::string_view)> authorized = nullptr) {
    forwards_ = true;
    authorized_ = std::move(authorized);
  }
  // Returns the server that the current request names by its URL. Valid only after forward().
  const rules::Endpoint& target() const { return target_; }

  // Overrides of ClientSide and ServerUser.
  void client_bytes(ByteView bytes, Instant now) override;
  void client_finished(Instant now) override;
  void server_ready(bool reused, Instant now) override;
  void server_ready(ServerLink& link, Instant now) override;
  void server_failed(std::string_view why, bool injected, Instant now) override;
  void server_silent() override { mode_ = Mode::kHung; }
  void server_bytes(ByteView bytes, Instant now) override;
  void server_finished(bool reset, Instant now) override;
  void server_moved(Instant now) override { pump(now); }
  void drain(Instant) override { drains_ = true; }
  void apply(const rules::RuleSet& set, Instant now) override;
  Instant deadline() const override;
  void advance(Instant now) override;
  void on_release(Instant now) override;
  bool wants_client() const override;
  bool wants_server() const override;
  bool server_reusable() const override;
  bool tunnel() const override { return mode_ == Mode::kTunnel; }
  bool over() const override { return mode_ == Mode::kOver; }
  const rules::HttpExchange* exchange() const override { return exchange_.http(); }
  std::vector<std::string> message_rules() const override {
    return websocket_ ? websocket_->rules() : exchange_.message_rules();
  }
  // Whether data of an HTTP/2 server waits because the client's socket is full.
  bool waits_for_client() const { return waits_for_client_; }

 private:
  using Phase = Exchange::Phase;
  enum class Mode {
    kExchanges,  // relays requests and responses
    kTunnel,     // relays bytes, or WebSocket messages
    kHung,       // a fault keeps the connection open without a response
    kOver,
  };
  // How the end of one direction has been handled: not yet, given to the WebSocket tunnel, or
  // forwarded.
  enum class End { kNotYet, kInTunnel, kPassed };

  void pump(Instant now);
  bool settle(Instant now);
  void next_exchange(Instant now);
  void start_tunnel(Instant now);
  bool upgrades_to_websocket() const;
  void end_abandoned();
  // Refuses the request in the parser, or bytes that are not a request.
  void refuse_request(std::string why, Instant now);
  void refuse_with(rules::HttpAnswer answer, std::string_view why, Instant now);
  bool is_authorized(const rules::HttpHead& head) const;
  void demand_password(Instant now);
  Phase request_phase() const { return exchange_.phase(Direction::kUpstream); }
  Phase response_phase() const { return exchange_.phase(Direction::kDownstream); }
  bool hung() const { return mode_ == Mode::kHung; }

  // Functions for the client's side are in conversation_request.cpp.
  std::size_t take_client(ByteView bytes, Instant now);
  bool client_step(ByteView& bytes, Instant now);
  void request_head(Instant now);
  bool read_target(rules::HttpHead& head);
  void request_broken(ByteView rest, Instant now);
  void pass_as_bytes(Instant now);
  void client_end(Instant now);
  bool looks_like_http(ByteView rest) const;

  // Functions for the server's side are in conversation_response.cpp.
  std::size_t take_server(ByteView bytes, Instant now);
  bool server_step(ByteView& bytes, Instant now);
  bool tunnel_step(ByteView& bytes, Instant now);
  void tunnel_to_server(ByteView bytes);
  void say_close(const Exchange::Outgoing& out);
  std::string response_text(const Exchange::Outgoing& out, bool& goes_on);
  void send_interim();
  void make_http2(const Exchange::Outgoing& out);
  void response_broken(Instant now);
  void server_end(Instant now);

  // Implementation of Exchange::Owner.
  rules::HttpHead received_head(Direction direction) override;
  const std::vector<rules::HttpHeader>& received_trailers(Direction direction) override;
  bool send_head(const Exchange::Outgoing& out) override;
  void send_body(Direction direction, ByteView raw, std::span<const ByteView> payload) override;
  void send_end(Direction direction, const std::vector<rules::HttpHeader>& trailers,
                bool whole) override;
  void send_continue() override;
  void responds(int status) override { wire_.responds(status); }
  void cut_short() override { wire_.cut_short(); }
  bool connected() const override { return link_ != nullptr; }
  bool may_refuse() const override { return link_ != nullptr && link_->version() == 2; }
  void ask_for_server(bool fresh) override { wire_.ask_for_server(fresh); }
  void drop_server() override;
  void end(rules::Close how) override;
  void reset_stream(std::uint32_t, bool) override { end(rules::Close::kResetAfterData); }
  void hang() override;
  void ignore_rest() override;
  const rules::RuleSet& rules() override { return wire_.rules(); }
  void record(const rules::FlowFacts& request, const rules::Rule& rule, Direction direction,
              const rules::Note& note) override {
    wire_.record(request, rule, direction, note);
  }
  void watch(const rules::PlanHolds& holds) override { wire_.watch(holds); }
  void report(std::string_view event, std::string_view why) override { wire_.report(event, why); }

  // Implementation of Http1Link::Wire.
  void to_server(ByteView bytes) override { wire_.to_server(bytes); }
  void send_copy(std::string request, std::string_view method) override {
    wire_.send_copy(std::move(request), method);
  }

  // Implementation of MessageTunnel::Owner.
  void tunnel_bytes(Direction direction, ByteView bytes) override;
  void tunnel_finished(Direction direction) override;
  void tunnel_closed(rules::Close how) override { end(how); }
  void tunnel_injected(const rules::Rule& rule, Direction direction,
                       const rules::Note& note) override {
    wire_.record(exchange_.facts(connection_), rule, direction, note);
  }
  void tunnel_report(std::string_view event, std::string_view why) override {
    wire_.report(event, why);
  }

  Wire& wire_;
  const rules::FlowFacts& connection_;
  codecs::Http1Parser requests_{codecs::Http1Parser::Side::kRequests};
  codecs::ByteQueue client_in_;  // bytes from the client, not yet parsed
  codecs::ByteQueue server_in_;  // bytes from the server, not yet parsed
  // Bytes that were parsed but are not HTTP. They are sent to the server first.
  codecs::Bytes unparsed_prefix_;
  Exchange exchange_{static_cast<Exchange::Owner&>(*this)};
  Http1Link http1_{static_cast<Http1Link::Wire&>(*this)};
  ServerLink* link_ = nullptr;  // http1_, or a stream of HTTP/2; null without a server
  BodyWriter response_body_;

  Mode mode_ = Mode::kExchanges;
  End upstream_ = End::kNotYet;
  End downstream_ = End::kNotYet;
  std::uint64_t count_ = 0;  // number of requests so far
  bool client_ended_ = false;
  bool drains_ = false;           // whether responses get `Connection: close`
  bool close_after_ = false;      // whether to close after this response
  bool discards_client_ = false;  // whether further bytes from the client are discarded
  bool waits_for_client_ = false;
  bool pumping_ = false;
  const rules::Listener* listener_;
  bool forwards_ = false;
  std::function<bool(std::string_view)> authorized_;
  rules::Endpoint target_;
  std::unique_ptr<messages::MessageTunnel> websocket_;
};

}  // namespace brownout::http
