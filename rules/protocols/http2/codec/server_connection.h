// ServerConnection is an HTTP/2 connection to a server, whose streams serve requests of several
// clients (RFC 9113, 9.1). StreamLink is one such request.
//
// The owner of the socket passes received bytes to receive(). After each call of any function, also
// of a StreamLink, it sends the bytes that output() returns. A StreamLink must not outlive its
// connection. No I/O; one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/protocols/codec/byte_queue.h"
#include "rules/protocols/http/codec/server_link.h"
#include "rules/protocols/http2/codec/session.h"
#include "rules/protocols/http2/codec/stream_table.h"

namespace brownout::http2 {

using http::Exchange;
using http::ServerLink;
using rules::Direction;
using rules::Instant;

class ServerConnection;

class StreamLink final : public ServerLink {
 public:
  ~StreamLink() override;

  int version() const override { return 2; }
  void send_head(const Exchange::Outgoing& request, ByteView raw) override;
  void send_body(ByteView raw, std::span<const ByteView> payload) override;
  void send_end(const std::vector<rules::HttpHeader>& trailers, bool whole) override;
  std::size_t queued() const override;
  Read read(ByteView& bytes, Exchange& exchange, Instant now, Edit edit) override;
  rules::HttpHead head() const override { return head_; }
  const std::vector<rules::HttpHeader>& trailers() const override { return trailers_; }
  std::string why() const override { return why_; }
  void reset_with(std::uint32_t code) override { reset_with_ = code; }
  void prioritize(std::string_view value) override;
  void tunnel_send(ByteView bytes) override;
  void tunnel_finish() override { send_end({}, true); }
  ByteView tunnel_data() const override { return body_.view(); }
  void tunnel_taken() override { take_body(); }
  bool tunnel_ended() const override { return complete_ && body_.empty(); }
  // Whether the stream has ended early, and all data that arrived before has been read.
  bool ended() const override;
  rules::Close how_ended() const override { return rules::Close::kReset; }
  std::uint32_t reset_code() const override { return code_; }
  bool ends_response() override { return false; }
  http::Retry retry() const override;
  // Whether the server has ended the connection without a sign that it speaks HTTP/2.
  bool not_http2() const { return not_http2_; }

  // Sets the scheme of the request, and the protocol of an extended CONNECT (RFC 8441). Call before
  // send_head().
  void describe(std::string_view scheme, std::string_view protocol) {
    scheme_ = scheme;
    protocol_ = protocol;
  }
  // Returns the number of bytes of the body that have arrived since the last call.
  std::size_t take_count() { return std::exchange(arrived_, 0); }

 private:
  friend class ServerConnection;
  StreamLink(ServerConnection& connection, http::LinkUser& user)
      : connection_(&connection), user_(user) {}
  // Marks the arrived data as consumed, which opens the flow-control windows again.
  void take_body();
  void send_request(const rules::HttpHead& head, bool ends);
  void send_waiting();
  // Sends a copy of the request on another stream, and discards its response.
  void send_copy();

  ServerConnection* connection_;  // null once the connection has ended
  http::LinkUser& user_;
  StreamId id_ = 0;  // 0 until the head is sent
  std::string scheme_ = "http";
  std::string protocol_;
  std::string priority_;  // value of a PRIORITY_UPDATE that waits until the head is sent
  // A request that waits for the server's SETTINGS: they show that the server speaks HTTP/2, and
  // whether it allows an extended CONNECT (RFC 8441, 3).
  struct Waiting {
    rules::HttpHead head;
    bool ends;                                               // the head is the whole request
    codecs::Bytes body = {};                                 // a body made by a rule
    std::optional<std::vector<rules::HttpHeader>> end = {};  // the trailers, once the body ended
  };
  std::optional<Waiting> waiting_;
  // Copy of the request that is being sent, for the fault duplicate_request, and the largest size
  // of its body.
  std::optional<rules::HttpHead> copied_head_;
  std::string copied_body_;
  std::size_t most_copied_ = 0;
  std::vector<rules::HttpHead> interims_;  // received, but not yet read, in order
  std::optional<rules::HttpHead> final_;   // received, but not yet read
  rules::HttpHead head_;                   // of an interim response or a tunnel that was read last
  codecs::ByteQueue body_;                 // received, but not yet read
  std::vector<rules::HttpHeader> trailers_;
  std::size_t arrived_ = 0;
  std::string why_;
  std::uint32_t code_ = 0;
  std::uint32_t reset_with_ = 0x8;  // CANCEL (RFC 9113, 7)
  bool moved_ = false;              // the link is in ServerConnection::moved_
  bool complete_ = false;           // the whole response has arrived
  bool sent_end_ = false;
  bool tunnel_ = false;  // the response begins a tunnel
  bool refused_ = false;
  bool not_http2_ = false;
  bool ended_ = false;  // early: by a reset, or with the connection
  bool broken_ = false;
};

class ServerConnection final : private Session::Owner {
 public:
  class Wire {
   public:
    virtual ~Wire() = default;
    // Called when output() has bytes to send. They must not be sent during this call.
    virtual void has_output() = 0;
    virtual void report(std::string_view event, std::string_view why) = 0;
  };

  // Largest number of interim responses that wait to be forwarded.
  static constexpr std::size_t kMostInterims = 32;

  // Limit of concurrent links, and of unconsumed bytes of one stream. Some servers stop all streams
  // of a connection when about 10 MB are unconsumed. A client that does not read would then stop
  // the other clients.
  static constexpr std::uint32_t kMostLinks = 64;
  static constexpr std::uint32_t kStreamWindow = 128 * 1024;

  // With `cautious`, no request is sent before the server has shown that it speaks HTTP/2.
  ServerConnection(Wire& wire, bool cautious,
                   const Session::Options& options = {.stream_window = kStreamWindow});
  ~ServerConnection() override;

  // Makes a link for one request, or returns null if the server allows no further stream now.
  std::unique_ptr<StreamLink> open(http::LinkUser& user);
  bool has_room() const;

  // Takes received bytes, then calls server_moved() for the links that can make progress.
  void receive(ByteView bytes, Instant now);
  // Must be called when the server has ended the connection, or when the proxy ends it.
  void finished(std::string_view why, Instant now);
  ByteView output(std::size_t most) { return session_.output(most); }
  bool wants_output() const { return session_.wants_output(); }
  // Calls server_moved() for the links whose data was sent. Must be called after output().
  void tell_users(Instant now);
  // Sends GOAWAY to the server. No new request is possible afterwards.
  void shut_down() { session_.shut_down(); }
  std::size_t links() const { return links_; }
  // Whether the connection can serve no further request and no link uses it.
  bool over() const { return links_ == 0 && (failed_ || session_.over()); }
  bool failed() const { return failed_; }

 private:
  friend class StreamLink;

  void on_head(StreamId id, rules::HttpHead&& head, std::string_view scheme,
               std::string_view protocol, bool ended) override;
  void on_interim(StreamId id, rules::HttpHead&& head) override;
  void on_data(StreamId id, ByteView bytes) override;
  void on_end(StreamId id, std::vector<rules::HttpHeader> trailers) override;
  void on_reset(StreamId id, std::uint32_t code, bool refused, std::string_view why) override;
  void on_closed(StreamId id) override;
  void on_sent(StreamId id, std::size_t bytes) override;
  void on_goaway(StreamId last, std::uint32_t code) override;
  void on_settings(std::uint32_t max_concurrent_streams) override;
  void on_failed(std::string_view why) override;

  StreamLink* find(StreamId id);
  // Notes that the link's user must be told; tell_users() does so, once for all events.
  void note_moved(StreamLink& link);
  StreamLink* moved(StreamId id);
  void forget(StreamLink& link);

  Wire& wire_;
  const bool cautious_;
  StreamTable<StreamLink*> open_;    // links whose head is sent
  std::vector<StreamLink*> unsent_;  // links whose head is not sent
  // unsent links that have ended, whose users have not been notified yet
  std::vector<StreamLink*> refused_;
  std::vector<StreamId> moved_;
  std::size_t links_ = 0;
  std::uint32_t most_ = kMostLinks;  // lower if the server allows less (RFC 9113, 6.5.2)
  bool has_settings_ = false;        // the server's SETTINGS have arrived
  bool leaving_ = false;             // the server has sent GOAWAY
  bool failed_ = false;
  std::string why_;
  Session session_;
};

}  // namespace brownout::http2
