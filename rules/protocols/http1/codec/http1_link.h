// Http1Link writes the requests of Exchanges to one HTTP/1 connection to a server, and reads the
// responses, one exchange after the other (RFC 9112).
//
// Messages that no rule modifies pass byte for byte if they arrive as HTTP/1. No I/O; one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/protocols/http/codec/server_link.h"
#include "rules/protocols/http1/codec/body_writer.h"
#include "rules/protocols/http1/codec/http1.h"

namespace brownout::http {

class Http1Link final : public ServerLink {
 public:
  class Wire {
   public:
    virtual ~Wire() = default;
    // `bytes` are valid during the call only.
    virtual void to_server(ByteView bytes) = 0;
    // Sends a copy of a request over a separate connection and discards the response.
    virtual void send_copy(std::string request, std::string_view method) = 0;
    virtual void report(std::string_view event, std::string_view why) = 0;
  };
  explicit Http1Link(Wire& wire) : wire_(wire) {}

  // Must be called when a connection to the server is open. `reused` means that it has carried
  // earlier requests.
  void open(bool reused);
  void close() { state_ = State::kNone; }
  // Must be called when the server has ended the connection.
  void server_finished(bool reset);
  bool connected() const { return state_ != State::kNone; }

  int version() const override { return 1; }
  void send_head(const Exchange::Outgoing& request, ByteView raw) override;
  void send_body(ByteView raw, std::span<const ByteView> payload) override;
  void send_end(const std::vector<rules::HttpHeader>& trailers, bool whole) override;
  Read read(ByteView& bytes, Exchange& exchange, rules::Instant now, Edit edit) override;
  rules::HttpHead head() const override { return parser_->head(); }
  const std::vector<rules::HttpHeader>& trailers() const override { return parser_->trailers(); }
  ByteView raw_head() const override { return parser_->raw_head(); }
  std::string why() const override;
  // Whether the server has sent a frame of HTTP/2 in place of a response.
  bool speaks_http2() const { return speaks_http2_; }
  bool ended() const override { return state_ == State::kEnded || state_ == State::kReset; }
  rules::Close how_ended() const override {
    return state_ == State::kReset ? rules::Close::kReset : rules::Close::kFin;
  }
  bool ends_response() override { return parser_->finish() == codecs::Http1Parser::What::kEnd; }
  Retry retry() const override { return reused_ ? Retry::kIfSafe : Retry::kNo; }

 private:
  enum class State { kNone, kOpen, kEnded, kReset };

  void write(ByteView bytes);
  void keep_copy(ByteView bytes);

  Wire& wire_;
  State state_ = State::kNone;
  bool reused_ = false;
  bool speaks_http2_ = false;
  std::optional<codecs::Http1Parser> parser_;  // a new parser for each connection
  BodyWriter body_;
  // Copy of the request that is being sent, for the fault duplicate_request, and the largest size
  // of its body.
  std::optional<std::string> copy_;
  std::size_t most_copied_ = 0;
  std::string method_;
};

// Returns the form in which HTTP/1 sends the body of the message.
BodyWriter::Form body_form(const Exchange::Outgoing& out);
// Converts the head to HTTP/1.1. Sets the start line if the message was received over HTTP/2, and
// chunked framing if the length of the body is unknown. `has_chunks` is false for a receiver that
// does not support chunked framing (HTTP/1.0).
void make_http1(const Exchange::Outgoing& out, bool has_chunks);

}  // namespace brownout::http
