// HttpFlow: serves one client connection of an http or websocket listener, request by request.
//
//  client socket -> (faults on bytes) -> Conversation (HTTP/1) -> server socket
//                <- (faults on bytes) <-                       <-
//
//  client socket -> (faults on bytes) -> Http2Side (HTTP/2) -> a server for each stream
//                <- (faults on bytes) <-                    <-
//
// The client's version is what ALPN has chosen or, without TLS, what its first bytes are. Faults of
// connections and of bytes act on the client's connection, as in Flow. The Conversation or the
// Http2Side applies the faults of requests. For HTTP/1, the server is dialled at the first request.
// The connection to it is kept until the client leaves, and then goes to the pool.
//
// With a `target`, the client uses this listener as a forward proxy (proxy_gate.h), and each
// request names its server. A request for a different server closes the connection to the previous
// one. Owned by its worker; use only on the event loop's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "proxy/flow/client_flow.h"
#include "proxy/flow/watermark.h"
#include "proxy/http/http2_side.h"
#include "proxy/http/http_host.h"
#include "proxy/loop/poster.h"
#include "proxy/net/outbox.h"
#include "rules/engine/chain.h"
#include "rules/protocols/http1/codec/conversation.h"

namespace brownout::proxy {

class HttpFlow final : public ClientFlow,
                       private http::Conversation::Wire,
                       private Http2Side::Owner,
                       private http::LinkUser,
                       private StreamServer::Client {
 public:
  HttpFlow(HttpHost& host, HandOver from);
  ~HttpFlow() override;

  void start() override;
  void apply(const rules::RuleSet& set) override;
  void drain() override;
  void end(CloseMode mode) override;

 private:
  enum class State { kWaiting, kHanging, kAnswering, kServing, kLingering, kResetting, kOver };

  struct End final : Ready {
    void on_ready(std::uint32_t events) noexcept override { flow->on_end_ready(*this, events); }
    HttpFlow* flow = nullptr;
    Stream stream;
    Outbox out;
    bool readable = false;
    bool finished = false;  // a FIN or an error has arrived
    bool urgent = false;    // urgent data is in the stream, which stops a read
  };
  // The faults on bytes in one direction of the client's connection, and the handling of their
  // output.
  struct Sink final : rules::ChainOutput {
    void emit(rules::Chunk chunk) override { flow->chain_emits(*this, std::move(chunk)); }
    void finish() override { flow->chain_finishes(*this); }
    void close(rules::Close how) override { flow->chain_closes(*this, how); }
    bool resets_after_data() const override { return true; }
    void answer(std::string_view bytes) override { flow->send_and_close(bytes); }
    void injected(const rules::Rule& rule, rules::Direction where,
                  const rules::Note& note) override {
      flow->host_.record(flow->facts_, rule, where, note);
    }
    HttpFlow* flow = nullptr;
    rules::Direction direction{};
    std::unique_ptr<rules::Chain> chain;
    bool acts() const { return chain && !chain->transparent(); }
    std::size_t held() const { return chain ? chain->held() : 0; }
    bool blackholed() const { return chain && chain->blackholed(); }
    Instant deadline() const { return chain ? chain->deadline() : kNever; }
  };

  // Overrides of ClientFlow.
  void on_due(Instant now) noexcept override;
  void on_connected(Stream stream, const SocketAddress& server, std::uint32_t events) override;
  void on_connect_failed(const Error& error) override;
  void on_connect_stopped(rules::Admission admission) override;
  Stream idle_connection(const SocketAddress& server) override;
  bool takes_shared(const SocketAddress& server) override;
  tls::OfferedHttp offered_http() const override;
  void server_moved(Instant now) override;
  void target_known(std::vector<Endpoint> servers) override;
  void target_refused(std::string reply) override;
  void admitted() override;
  Stream& client() override { return client_.stream; }
  std::size_t held(rules::Direction direction) const override {
    const bool up = direction == rules::Direction::kUpstream;
    return (up ? up_ : down_).held() + (up ? server_ : client_).out.waiting();
  }
  const rules::HttpExchange* first_request() const override { return side_->exchange(); }
  std::vector<std::string> message_rules() const override { return side_->message_rules(); }
  void send_and_close(std::string_view bytes) override;
  void hang() override { state_ = State::kHanging; }
  bool hanging() const override { return state_ == State::kHanging; }
  void answer_when_asked(std::string answer) override;

  // Overrides of Conversation::Wire.
  void to_client(codecs::ByteView bytes) override;
  void to_server(codecs::ByteView bytes) override;
  void responds(int status) override { status_ = status; }
  void cut_short() override { turns_.broke(); }
  void ask_for_server(bool fresh) override;
  void drop_server() override;
  void close_client(rules::Close how) override;
  void finish_client() override;
  void finish_server() override { server_fin_ = true; }
  void send_copy(std::string request, std::string_view method) override;
  const rules::RuleSet& rules() override { return host_.rules(); }
  void watch(const rules::PlanHolds& holds) override;
  void record(const rules::FlowFacts& request, const rules::Rule& rule, rules::Direction direction,
              const rules::Note& note) override {
    host_.record(request, rule, direction, note);
  }
  void report(std::string_view event, std::string_view why) override {
    host_.report(facts_, event, why);
  }

  // Overrides of Http2Side::Owner and StreamServer::Client.
  bool client_takes() const override { return has_room(down_, client_.out); }
  void settle_soon() override;
  void server_connected(const SocketAddress& server) override;
  StreamServer::Client& as_client() override { return *this; }
  const rules::FlowFacts& connection() const override { return facts_; }
  const std::shared_ptr<UpstreamGroup>& group() const override { return group_; }
  std::string header_for(const SocketAddress& server) const override {
    return proxy_header(server);
  }
  void unreachable(const Error& error) const override { log_unreachable(error); }
  void handshake_failed(const SocketAddress& server, std::string_view why) override {
    on_handshake_failed(server, why);
  }
  bool rules_act_on_dial() const override { return host_.rules().may_act_on_dial(facts_.listener); }
  rules::Admission admit_dial(rules::FlowFacts& facts,
                              const rules::HttpExchange* request) override {
    return ClientFlow::admit_dial(facts, request);
  }
  void count_from_server(std::size_t bytes) override {
    passed(rules::Direction::kDownstream, bytes);
  }

  void serve();
  void use_http2();
  // Passes the client's bytes to the parser of its HTTP version, which the first bytes show.
  void feed(codecs::ByteView bytes, Instant now);
  void feed_end(Instant now);
  bool is_http2() const { return http2_ != nullptr; }
  // Whether to offer HTTP/2 to the server. A tunnel of bytes that are not HTTP needs HTTP/1.
  bool wants_http2_server() const {
    return group_->config().http == rules::HttpVersion::k2 && !conversation_.tunnel();
  }
  // Identifies this client if its server connections must not be shared with others; null if they
  // may be shared.
  const void* private_to() const {
    return is_private(facts_, *group_) ? static_cast<const StreamServer::Client*>(this) : nullptr;
  }
  void on_end_ready(End& ready, std::uint32_t events) noexcept;
  void read(End& from);
  bool read_once(End& from);
  bool may_read(const End& from) const;
  bool has_room(const Sink& sink, const Outbox& out) const;
  void write_to_client(codecs::ByteView bytes);
  void take_from_client(codecs::ByteView bytes, Instant now);
  void source_ended(End& from, bool reset, Instant now);
  void chain_emits(Sink& sink, rules::Chunk chunk);
  void chain_finishes(Sink& sink);
  void chain_closes(const Sink& sink, rules::Close how);
  void set_rules(Sink& sink, Instant now);
  void work();
  void linger();
  void reset_after_data(Instant now);
  void release();
  std::string server_name() const { return target_ ? to_text(*target_) : group_->config().name; }
  bool over() const {
    return state_ == State::kLingering || state_ == State::kResetting || state_ == State::kOver;
  }

  HttpHost& http_host_;
  End client_;
  End server_;
  std::unique_ptr<http2::StreamLink> link_;  // the stream to an HTTP/2 server
  Sink up_;                                  // faults on bytes that come from the client
  Sink down_;                                // faults on bytes that go to the client
  http::Conversation conversation_;
  std::unique_ptr<Http2Side> http2_;  // set for an HTTP/2 client
  // conversation_, or the side of http2_ for an HTTP/2 client
  http::ClientSide* side_ = &conversation_;
  std::string preface_;  // the client's first bytes, while they may be HTTP/2
  bool version_known_ = false;
  bool settles_ = false;  // settle_soon() was called
  Poster poster_{host_.loop()};
  SocketAddress server_address_;
  // the server that group_ leads to; set only for a forward proxy's client
  std::optional<Endpoint> target_;
  std::optional<AcknowledgementWait> reset_wait_;  // set while a RST waits for data to arrive
  State state_ = State::kWaiting;
  std::string answer_;
  std::optional<int> status_;    // status of the next response to the client
  bool changes_server_ = false;  // a forward proxy's client has asked for another server
  bool fresh_ = false;           // the server's connection must be new
  bool reused_ = false;          // the server's connection is from the pool
  bool client_fin_ = false;      // half-close once all bytes are written
  bool server_fin_ = false;
  bool closing_ = false;     // both connections are closed once all bytes are written
  bool resets_ = false;      // the client then gets a RST instead of a FIN
  bool down_ended_ = false;  // faults on bytes to the client have passed on the end of the stream
};

}  // namespace brownout::proxy
