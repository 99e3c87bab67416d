// The part of Exchange that handles the end of the connection to the server: it sends requests
// again that no server has processed.
#include <algorithm>
#include <array>

#include "rules/protocols/http/codec/exchange.h"

namespace brownout::http {
namespace {

// How often a request that no server has processed is sent again. A server that restarts refuses
// the requests of several connections one after the other.
constexpr int kMostRetries = 3;

// Limit of bytes of a request's body that are kept, to send the request again if a server refuses
// it.
constexpr std::size_t kMostSentBody = std::size_t{32} * 1024;

// Safe methods do not change state on the server, so their requests may be sent again (RFC 9110,
// 9.2.1).
bool is_safe(std::string_view method) {
  constexpr std::array<std::string_view, 4> kSafe{"GET", "HEAD", "OPTIONS", "TRACE"};
  return std::find(kSafe.begin(), kSafe.end(), method) != kSafe.end();
}

}  // namespace

bool Exchange::may_retry(Retry retry) const {
  if (response_began_) return false;
  switch (retry) {
    case Retry::kNo:
      return false;
    case Retry::kIfSafe:
      return retries_ == 0 && !request_.framing.has_body && is_safe(request_.framing.method);
    case Retry::kRefused:
    case Retry::kUnsent:
      return retries_ < kMostRetries && (!forwards_body() || sent_body_);
  }
  return false;
}

void Exchange::send_again() {
  owner_.send_head(outgoing(request_, true));
  const auto& sent = *sent_body_;
  const std::array<ByteView, 1> body{ByteView(sent.bytes)};
  if (!sent.bytes.empty()) owner_.send_body(Direction::kUpstream, {}, body);
  if (sent.ended) owner_.send_end(Direction::kUpstream, sent.trailers, sent.whole);
}

void Exchange::keep(std::span<const ByteView> payload) {
  if (!sent_body_) return;
  auto& kept = sent_body_->bytes;
  for (const auto part : payload) kept.insert(kept.end(), part.begin(), part.end());
  // A longer body is no longer kept. While the request waits for another server, it must be kept,
  // since it has not been sent anywhere else.
  if (kept.size() > kMostSentBody && request_.phase != Phase::kDialling) sent_body_.reset();
}

void Exchange::server_ended(rules::Close how, bool whole, Retry retry, Instant now) {
  if (response_.phase == Phase::kHead) {
    const bool again = may_retry(retry);
    if (!again && retry == Retry::kUnsent) {
      owner_.drop_server();
      return server_failed(
          "the server takes no request over HTTP/2; if it speaks HTTP/1, its [[upstream]] needs "
          "http = "
          "\"1\"",
          false, now);
    }
    if (!again) return end(how);
    ++retries_;
    owner_.drop_server();
    request_.phase = Phase::kDialling;
    if (!forwards_body()) request_.passed = request_.source_ended;
    return owner_.ask_for_server(true);
  }
  if (response_.phase == Phase::kCollecting) {
    if (how == rules::Close::kReset) return end(how);
    whole ? collect(response_, {}, true, now) : give_up_body(response_, now);
    if (stopped_ || response_.phase != Phase::kBody) return;
  }
  if (!response_.source_ended) {
    response_.source_ended = true;
    if (!whole) owner_.cut_short();
    if (how == rules::Close::kReset && !whole && !chained(Direction::kDownstream)) return end(how);
    if (response_.own_body) pass_end(Direction::kDownstream, whole, now);
  }
  if (stopped_) return;
  // The server no longer reads the rest of the request. The client may wait for the close instead
  // of sending the rest.
  if (request_.phase == Phase::kBody && !request_.source_ended) ignore_rest();
  owner_.drop_server();
}

}  // namespace brownout::http
