// ClientStream is one request of an HTTP/2 client (RFC 9113, 8.1): a stream of the client's
// connection, the Exchange that applies rules to it, and its connection or stream to a server.
//
// An extended CONNECT request for `websocket` (RFC 8441) is sent to an HTTP/1 server as an upgrade
// request. After it, and after CONNECT, the stream carries bytes or WebSocket messages. Owned by a
// ClientConnection; one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rules/protocols/codec/message_tunnel.h"
#include "rules/protocols/http/codec/client_side.h"
#include "rules/protocols/http1/codec/http1_link.h"
#include "rules/protocols/http2/codec/server_connection.h"

namespace brownout::http2 {

using http::Exchange;
using http::ServerLink;
using rules::Direction;
using rules::Instant;

class ClientConnection;

class ClientStream final : public http::ServerUser,
                           private Exchange::Owner,
                           private http::Http1Link::Wire,
                           private messages::MessageTunnel::Owner {
 public:
  ClientStream(ClientConnection& connection, StreamId id, std::uint64_t number);
  ~ClientStream() override;

  // These functions take the messages that arrive on the stream.
  void begin(rules::HttpHead&& head, std::string_view scheme, std::string_view protocol, bool ended,
             Instant now);
  void data(ByteView bytes, Instant now);
  void finished(std::vector<rules::HttpHeader> trailers, Instant now);
  // Must be called when the client has changed the priority of the request (PRIORITY_UPDATE).
  void prioritize(std::string_view value);
  // Number of bytes of incomplete messages in the bodies.
  std::size_t incomplete() const { return over_ ? 0 : exchange_.incomplete_messages(); }
  // Must be called when the client has reset the stream, or its connection has ended.
  void gone();
  // Must be called when data was sent to the client, so that more may be read from the server.
  void has_room(Instant now) { pump(now); }
  void apply(const rules::RuleSet& set, Instant now);
  Instant deadline() const;
  // Whether deadline() may be earlier than kNever before the next call of another function.
  bool may_wait() const { return !over_ && (messages_ || (!tunnel_ && exchange_.may_wait())); }
  void advance(Instant now);
  bool over() const { return over_; }

  void server_ready(bool reused, Instant now) override;
  void server_ready(ServerLink& link, Instant now) override;
  void server_failed(std::string_view why, bool injected, Instant now) override;
  void server_silent() override { hung_ = true; }
  void server_bytes(ByteView bytes, Instant now) override;
  void server_finished(bool reset, Instant now) override;
  void server_moved(Instant now) override { pump(now); }
  void on_release(Instant now) override;
  bool wants_server() const override;
  bool server_reusable() const override { return reusable_; }

  StreamId id() const { return id_; }
  // Scheme of the request, and the protocol of an extended CONNECT or "".
  const std::string& scheme() const { return scheme_; }
  const std::string& protocol() const { return protocol_; }
  const rules::HttpExchange* exchange() const { return exchange_.http(); }
  std::vector<std::string> message_rules() const {
    return messages_ ? messages_->rules() : exchange_.message_rules();
  }

 private:
  friend class ClientConnection;
  using Phase = Exchange::Phase;

  void pump(Instant now);
  bool read_client(Instant now);
  bool read_server(Instant now);
  std::size_t take_server(ByteView bytes, Instant now);
  bool server_step(ByteView& bytes, Instant now);
  void response_broken(Instant now);
  void server_end(Instant now);
  void start_tunnel(Instant now);
  void complete(Instant now);
  void finish_with(std::uint32_t code, bool after_data);
  bool client_takes() const;
  bool server_takes() const;
  void leave_server();
  // Ends the stream. The connection removes it the next time that it settles.
  void set_over();

  // Implementation of Exchange::Owner.
  rules::HttpHead received_head(Direction direction) override;
  const std::vector<rules::HttpHeader>& received_trailers(Direction direction) override;
  bool send_head(const Exchange::Outgoing& out) override;
  void send_body(Direction direction, ByteView raw, std::span<const ByteView> payload) override;
  void send_end(Direction direction, const std::vector<rules::HttpHeader>& trailers,
                bool whole) override;
  void send_continue() override;
  void responds(int status) override;
  void cut_short() override;
  bool connected() const override { return link_ != nullptr; }
  bool may_refuse() const override { return link_ != nullptr && link_->version() == 2; }
  void ask_for_server(bool fresh) override;
  void drop_server() override;
  void end(rules::Close how) override;
  void reset_stream(std::uint32_t code, bool both_sides) override;
  void send_goaway(const rules::Goaway& goaway) override;
  void hang() override;
  void ignore_rest() override { ignores_rest_ = true; }
  const rules::RuleSet& rules() override;
  void record(const rules::FlowFacts& request, const rules::Rule& rule, Direction direction,
              const rules::Note& note) override;
  void watch(const rules::PlanHolds& holds) override;
  void report(std::string_view event, std::string_view why) override;

  // Implementation of Http1Link::Wire.
  void to_server(ByteView bytes) override;
  void send_copy(std::string request, std::string_view method) override;

  // Implementation of MessageTunnel::Owner.
  void tunnel_bytes(Direction direction, ByteView bytes) override;
  void tunnel_finished(Direction direction) override;
  void tunnel_closed(rules::Close how) override { end(how); }
  void tunnel_injected(const rules::Rule& rule, Direction direction,
                       const rules::Note& note) override;
  void tunnel_report(std::string_view event, std::string_view why) override { report(event, why); }

  ClientConnection& connection_;
  const StreamId id_;
  const std::uint64_t number_;
  std::string scheme_;
  std::string protocol_;
  Exchange exchange_{static_cast<Exchange::Owner&>(*this)};
  http::Http1Link http1_{static_cast<http::Http1Link::Wire&>(*this)};
  ServerLink* link_ = nullptr;   // http1_, or a stream of HTTP/2; null without a server
  codecs::ByteQueue client_in_;  // data from the client, not yet taken
  codecs::ByteQueue server_in_;  // bytes of an HTTP/1 server, not yet read
  std::vector<rules::HttpHeader> trailers_;
  std::string priority_;  // value of the last PRIORITY_UPDATE
  std::unique_ptr<messages::MessageTunnel> messages_;
  std::size_t counted_ = 0;    // bytes of incomplete messages that the connection has counted
  bool waits_ = false;         // the connection has counted the stream as one that may wait
  bool client_ended_ = false;  // the client has sent the end of its request
  bool sent_head_ = false;     // the head of the response is sent
  bool sent_end_ = false;      // the end of the response is sent
  bool server_fin_ = false;    // the server's direction of a tunnel has ended
  bool client_fin_ = false;    // the client's direction of a tunnel has ended
  bool is_connect_ = false;    // the request begins a tunnel instead of having a body
  bool tunnel_ = false;
  bool hung_ = false;
  bool ignores_rest_ = false;
  bool reusable_ = false;
  bool pumping_ = false;
  bool over_ = false;
};

}  // namespace brownout::http2
