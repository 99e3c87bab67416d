#include "rules/protocols/grpc/codec/grpc_connection.h"

#include <algorithm>
#include <utility>

#include "rules/base/whole_number.h"
#include "rules/protocols/http2/http2_error.h"

namespace brownout::messages {
namespace {

using rules::GrpcStatus;
using rules::Http2Error;

constexpr std::size_t kGrpcPrefix = 5;  // the flag and the length of a message
constexpr std::uint32_t kCancelStream = static_cast<std::uint32_t>(Http2Error::kCancel);

// Returns the status of a call whose response has no grpc-status (grpc/grpc,
// doc/http-grpc-status-mapping.md).
GrpcStatus status_of_http(int status) {
  switch (status) {
    case 400:
      return GrpcStatus::kInternal;
    case 401:
      return GrpcStatus::kUnauthenticated;
    case 403:
      return GrpcStatus::kPermissionDenied;
    case 404:
      return GrpcStatus::kUnimplemented;
    case 429:
    case 502:
    case 503:
    case 504:
      return GrpcStatus::kUnavailable;
    default:
      return GrpcStatus::kUnknown;
  }
}

// Returns the status of a call whose stream was reset ("Errors" in PROTOCOL-HTTP2.md).
GrpcStatus status_of_reset(std::uint32_t code) {
  switch (static_cast<Http2Error>(code)) {
    case Http2Error::kRefusedStream:
      return GrpcStatus::kUnavailable;
    case Http2Error::kCancel:
      return GrpcStatus::kCancelled;
    case Http2Error::kEnhanceYourCalm:
      return GrpcStatus::kResourceExhausted;
    case Http2Error::kInadequateSecurity:
      return GrpcStatus::kPermissionDenied;
    default:
      return GrpcStatus::kInternal;
  }
}

// Returns the name of an error code of HTTP/2, or its number if it has none.
std::string name_of_reset(std::uint32_t code) {
  const auto name = rules::name_of(static_cast<Http2Error>(code));
  return name == "?" ? std::to_string(code) : std::string(name);
}

// Decodes a `grpc-message`. Malformed sequences stay as they are, as gRPC demands.
std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    return kDigits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c));
  };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool coded =
        text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) < 16 && digit(text[i + 2]) < 16;
    plain += coded ? static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])) : text[i];
    if (coded) i += 2;
  }
  return plain;
}

}  // namespace

std::string grpc_frame(std::string_view message) {
  std::string frame(1, '\0');
  for (const int shift : {24, 16, 8, 0}) frame += static_cast<char>(message.size() >> shift & 0xff);
  return frame.append(message);
}

std::string grpc_timeout(Duration left) {
  constexpr std::int64_t kMostDigits = 99'999'999;
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(left).count();
  if (milliseconds <= kMostDigits) {
    return std::to_string(std::max<std::int64_t>(milliseconds, 1)) + "m";
  }
  return std::to_string(std::min(milliseconds / 1000, kMostDigits)) + "S";
}

GrpcConnection::GrpcConnection(std::optional<Keepalive> keepalive, Instant now)
    : keepalive_(keepalive), session_(http2::Session::Role::kClient, *this, {}), last_byte_(now) {}

bool GrpcConnection::start(const Call& call, Instant now) {
  cancel();
  if (!takes_calls()) return false;
  rules::HttpHead head;
  head.method = "POST";
  head.target = call.path;
  head.append("host", call.authority);
  if (call.deadline != rules::kNever) {
    head.append("grpc-timeout", grpc_timeout(call.deadline - now));
  }
  if (call.attempts > 0) {
    head.append("grpc-previous-rpc-attempts", std::to_string(call.attempts));
  }
  head.append("te", "trailers");
  head.append("content-type", "application/grpc");
  head.append("user-agent", "grpc-brownout");
  result_.reset();
  messages_.clear();
  unread_.clear();
  http_status_ = 0;
  committed_ = false;
  stream_ = session_.send_request(head, call.scheme, "", false);
  if (stream_ == 0) return false;
  session_.send_data(stream_, codecs::bytes_of(grpc_frame(call.message)));
  session_.send_end(stream_, {});
  call_deadline_ = call.deadline;
  return true;
}

void GrpcConnection::cancel() {
  if (has_call()) session_.reset(std::exchange(stream_, 0), kCancelStream);
}

std::optional<std::string> GrpcConnection::next_message() {
  if (messages_.empty()) return std::nullopt;
  auto message = std::move(messages_.front());
  messages_.pop_front();
  return message;
}

void GrpcConnection::receive(ByteView bytes, Instant now) {
  last_byte_ = now;
  ping_sent_.reset();
  session_.receive(bytes, now);
}

void GrpcConnection::lost(const std::string& why) {
  if (!why_.empty()) return;
  why_ = why;
  if (has_call()) fail(GrpcStatus::kUnavailable, why);
}

Instant GrpcConnection::deadline() const {
  auto next = has_call() ? call_deadline_ : rules::kNever;
  if (pings()) {
    next = std::min(next, ping_sent_ ? later(*ping_sent_, keepalive_->timeout)
                                     : later(last_byte_, keepalive_->every));
  }
  return next;
}

void GrpcConnection::wake(Instant now) {
  if (pings()) {
    if (ping_sent_ && now >= later(*ping_sent_, keepalive_->timeout)) {
      lost("keepalive: no answer to a PING within " + rules::to_text(keepalive_->timeout));
    } else if (!ping_sent_ && now >= later(last_byte_, keepalive_->every)) {
      session_.send_ping();
      ping_sent_ = now;
    }
  }
  if (has_call() && now >= call_deadline_) {
    session_.reset(stream_, kCancelStream);
    fail(GrpcStatus::kDeadlineExceeded, "the deadline has passed");
  }
}

void GrpcConnection::on_head(StreamId id, rules::HttpHead&& head, std::string_view,
                             std::string_view, bool ended) {
  if (id != stream_) return;
  http_status_ = head.status;
  if (ended) return finish(head);
  committed_ = true;
  const auto* type = head.find("content-type");
  const bool is_grpc = type != nullptr && type->starts_with("application/grpc");
  if (head.status == 200 && is_grpc) return;
  session_.reset(id, kCancelStream);
  const auto status = head.status == 200 ? GrpcStatus::kUnknown : status_of_http(head.status);
  fail(status, head.status == 200 ? "the response is not gRPC: content-type " +
                                        (type != nullptr ? *type : std::string("is missing"))
                                  : "HTTP status " + std::to_string(head.status));
}

void GrpcConnection::on_data(StreamId id, ByteView bytes) {
  session_.consumed(id, bytes.size());
  if (id != stream_) return;
  unread_ += codecs::text_of(bytes);
  std::string_view rest = unread_;
  while (rest.size() >= kGrpcPrefix) {
    std::size_t size = 0;
    for (std::size_t i = 1; i < kGrpcPrefix; ++i) {
      size = size << 8 | static_cast<unsigned char>(rest[i]);
    }
    const bool compressed = rest[0] != '\0';
    if (compressed || size > kMostMessage) {
      session_.reset(id, kCancelStream);
      return compressed ? fail(GrpcStatus::kInternal, "the server compresses, without being asked")
                        : fail(GrpcStatus::kResourceExhausted,
                               "a message of " + std::to_string(size) + " bytes");
    }
    if (rest.size() < kGrpcPrefix + size) break;
    messages_.emplace_back(rest.substr(kGrpcPrefix, size));
    rest.remove_prefix(kGrpcPrefix + size);
  }
  unread_.erase(0, unread_.size() - rest.size());
}

void GrpcConnection::on_end(StreamId id, std::vector<rules::HttpHeader> trailers) {
  if (id != stream_) return;
  rules::HttpHead head;
  head.headers = std::move(trailers);
  finish(head);
}

// Ends the call by its trailers, or by the head of a response that has nothing else.
void GrpcConnection::finish(const rules::HttpHead& trailers) {
  const auto* given = trailers.find("grpc-status");
  if (given == nullptr && http_status_ != 200) {
    return fail(status_of_http(http_status_), "HTTP status " + std::to_string(http_status_));
  }
  if (given == nullptr) return fail(GrpcStatus::kUnknown, "the call has no grpc-status");
  constexpr auto kLast = static_cast<std::uint32_t>(GrpcStatus::kUnauthenticated);
  const auto number = rules::parse_whole_number(*given, kLast);
  if (number == 0U && unread_.empty()) {
    result_ = Result{.failure = {.status = GrpcStatus::kOk, .committed = true}, .why = {}};
    stream_ = 0;
    return;
  }
  if (number == 0U) return fail(GrpcStatus::kInternal, "the response ends within a message");
  const auto* message = trailers.find("grpc-message");
  const auto* pushback = trailers.find("grpc-retry-pushback-ms");
  fail(number ? static_cast<GrpcStatus>(*number) : GrpcStatus::kUnknown,
       message != nullptr ? percent_decoded(*message) : "");
  if (pushback != nullptr) result_->failure.pushback = *pushback;
}

void GrpcConnection::on_reset(StreamId id, std::uint32_t code, bool refused, std::string_view why) {
  if (id != stream_) return;
  const auto status = refused ? GrpcStatus::kUnavailable : status_of_reset(code);
  fail(status, why.empty() ? "RST_STREAM " + name_of_reset(code) : std::string(why), refused);
}

void GrpcConnection::on_goaway(StreamId, std::uint32_t code) {
  going_ = true;
  if (code == static_cast<std::uint32_t>(Http2Error::kEnhanceYourCalm)) too_many_pings_ = true;
}

void GrpcConnection::fail(rules::GrpcStatus status, std::string why, bool refused) {
  stream_ = 0;
  result_ = Result{.failure = {.status = status, .refused = refused, .committed = committed_},
                   .why = "gRPC status " + std::string(rules::name_of(status)) +
                          (why.empty() ? "" : ": " + std::move(why))};
}

}  // namespace brownout::messages
