#include "rules/protocols/http2/codec/flood_guard.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>

namespace brownout::http2 {
namespace {

std::string_view unless(bool allowed, std::string_view why) {
  return allowed ? std::string_view() : why;
}

}  // namespace

bool Allowance::take(rules::Instant now) {
  const auto most = limit_.burst * kUnit;
  if (now > since_) {
    // An idle time that refills the allowance is not multiplied, so that nothing overflows.
    const auto idle = (now - since_).count();
    left_ = idle >= most / limit_.rate ? most : std::min(most, left_ + idle * limit_.rate);
    since_ = now;
  }
  if (left_ < kUnit) return false;
  left_ -= kUnit;
  return true;
}

void Allowance::give(std::int64_t count) {
  left_ = std::min(limit_.burst * kUnit, left_ + count * kUnit);
}

std::string_view FloodGuard::on_frame(const FrameHead& frame, rules::Instant now) {
  switch (frame.type) {
    case NGHTTP2_DATA:
      if (frame.length > 0) pings_.give(1);
      if (frame.length > 0 || (frame.flags & NGHTTP2_FLAG_END_STREAM) != 0) return {};
      return unless(empty_.take(now), "too many empty DATA frames");
    case NGHTTP2_HEADERS:
    case NGHTTP2_PUSH_PROMISE:
    case NGHTTP2_CONTINUATION:
      return on_block(frame, now);
    case NGHTTP2_PRIORITY:
    case NGHTTP2_PRIORITY_UPDATE:
      return unless(priorities_.take(now), "too many PRIORITY frames");
    case NGHTTP2_SETTINGS:
      return unless(settings_.take(now), "too many SETTINGS frames");
    case NGHTTP2_PING:
      return unless(pings_.take(now), "too many PING frames");
    case NGHTTP2_WINDOW_UPDATE:
      return unless(window_updates_.take(now), "too many WINDOW_UPDATE frames");
    case NGHTTP2_RST_STREAM:
      return {};  // counted by on_reset()
    default:
      return unless(other_.take(now), "too many frames of other types");
  }
}

std::string_view FloodGuard::on_block(const FrameHead& frame, rules::Instant now) {
  if (frame.type != NGHTTP2_CONTINUATION) {
    block_ = 0;
    continuations_ = 0;
  } else if (++continuations_ > kMostContinuations) {
    return "too many CONTINUATION frames";
  }
  block_ += frame.length;
  if (block_ > most_block_) return "a header block that is too long";
  const bool ends = (frame.flags & NGHTTP2_FLAG_END_HEADERS) != 0;
  if (frame.length > 0 || ends) return {};
  return unless(empty_.take(now), "too many empty header frames");
}

std::string_view FloodGuard::on_reset(rules::Duration age, rules::Instant now) {
  if (age >= kEarly) return {};
  return unless(early_resets_.take(now), "too many streams reset at once (rapid reset)");
}

std::string_view FloodGuard::on_refused(rules::Instant now) {
  return unless(refused_.take(now), "too many streams beyond the limit");
}

std::string_view FloodGuard::on_stream_error(rules::Instant now) {
  return unless(stream_errors_.take(now), "too many malformed messages");
}

void FloodGuard::on_data_sent() {
  pings_.give(1);
  window_updates_.give(kUpdatesOfFrame);
}

}  // namespace brownout::http2
