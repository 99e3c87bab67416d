// GrpcConnection is a gRPC client's side of one HTTP/2 connection (github.com/grpc/grpc,
// doc/PROTOCOL-HTTP2.md), for the synthetic users of a rehearsal. It makes one call at a time, with
// one message in the request. It enforces the call's deadline, and detects a dead connection by
// keepalive PINGs (gRFC A8).
//
// The owner of the socket passes received bytes to receive(), calls wake() at deadline(), and sends
// the bytes of output() after each call of any function. No I/O and no clock; one thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "rules/base/instant.h"
#include "rules/protocols/grpc/grpc_retry.h"
#include "rules/protocols/http2/codec/session.h"

namespace brownout::messages {

using codecs::ByteView;
using rules::Duration;
using rules::Instant;

class GrpcConnection final : private http2::Session::Owner {
 public:
  static constexpr std::size_t kMostMessage = 4 << 20;  // bytes; the default limit of clients

  struct Keepalive {
    Duration every{};  // time since the last received byte until a PING
    // time without any byte after the PING, after which the connection counts as dead
    Duration timeout{};
    bool without_calls = false;  // whether PINGs are also sent while no call is open
  };
  struct Call {
    std::string scheme;     // "http" or "https"
    std::string authority;  // host and port of the server
    std::string path;       // "/package.Service/Method"
    std::string message;    // the only message of the request
    // Deadline of the call, which is also sent to the server (grpc-timeout); kNever for none.
    Instant deadline = rules::kNever;
    // number of earlier attempts of this call, sent to the server (gRFC A6)
    std::int64_t attempts = 0;
  };
  // How a call ended.
  struct Result {
    rules::GrpcFailure failure;  // its status is OK after a success
    std::string why;             // description of the failure; "" after a success
  };

  GrpcConnection(std::optional<Keepalive> keepalive, Instant now);

  // Ends the previous call and begins a new one. Returns false if the connection accepts no more
  // calls (takes_calls()).
  bool start(const Call& call, Instant now);
  void cancel();
  // Whether another call may be made: the server has not announced the end of the connection
  // (GOAWAY), and the connection is not broken.
  bool takes_calls() const { return why_.empty() && !going_ && session_.accepts_request(); }
  bool has_call() const { return stream_ != 0; }
  // Returns the next message of the response; no value if all have been returned. Also works after
  // the end of the call.
  std::optional<std::string> next_message();
  // Returns how the last call ended; no value while it is open, or before the first one.
  const std::optional<Result>& result() const { return result_; }

  void receive(ByteView bytes, Instant now);
  // Call when the server has closed the connection, or it broke.
  void lost(const std::string& why);
  ByteView output(std::size_t most) { return session_.output(most); }
  Instant deadline() const;
  void wake(Instant now);
  // Returns why the connection is unusable and must be closed; "" while it is usable.
  const std::string& why() const { return why_; }
  // Whether the server has asked for PINGs at longer intervals (GOAWAY ENHANCE_YOUR_CALM).
  bool too_many_pings() const { return too_many_pings_; }

 private:
  using StreamId = http2::StreamId;
  void on_head(StreamId id, rules::HttpHead&& head, std::string_view scheme,
               std::string_view protocol, bool ended) override;
  void on_interim(StreamId, rules::HttpHead&&) override {}
  void on_data(StreamId id, ByteView bytes) override;
  void on_end(StreamId id, std::vector<rules::HttpHeader> trailers) override;
  void on_reset(StreamId id, std::uint32_t code, bool refused, std::string_view why) override;
  void on_closed(StreamId) override {}
  void on_sent(StreamId, std::size_t) override {}
  void on_goaway(StreamId last, std::uint32_t code) override;
  void on_settings(std::uint32_t) override {}
  void on_failed(std::string_view why) override { lost(std::string(why)); }
  void finish(const rules::HttpHead& trailers);
  void fail(rules::GrpcStatus status, std::string why, bool refused = false);
  bool pings() const {
    return keepalive_ && why_.empty() && (has_call() || keepalive_->without_calls);
  }

  std::optional<Keepalive> keepalive_;
  http2::Session session_;
  Instant last_byte_;                 // time at which bytes were last received
  std::optional<Instant> ping_sent_;  // time of the PING sent since then, if any
  bool going_ = false;                // GOAWAY was received
  bool too_many_pings_ = false;
  std::string why_;

  StreamId stream_ = 0;  // stream of the open call; 0 if there is none
  Instant call_deadline_ = rules::kNever;
  int http_status_ = 0;
  bool committed_ = false;
  std::string unread_;  // the beginning of an incomplete message
  std::deque<std::string> messages_;
  std::optional<Result> result_;
};

// Returns the message with its five-byte prefix: the flag "not compressed" and the length.
std::string grpc_frame(std::string_view message);
// Returns the value of `grpc-timeout` for this duration, which is rounded up to milliseconds.
std::string grpc_timeout(Duration left);

}  // namespace brownout::messages
