#include "rules/protocols/http1/retry_after.h"

#include "rules/base/whole_number.h"

namespace brownout::rules {
namespace {

constexpr std::int64_t kMostRetryAfter = 1'000'000'000;  // in seconds, about 31 years

}  // namespace

Duration ToldToWait::left(Instant now) const {
  const auto until = until_.load(std::memory_order_relaxed);
  return until > now ? until - now : Duration::zero();
}

void ToldToWait::tell(Instant now, Duration wait) {
  const auto until = later(now, wait);
  auto before = until_.load(std::memory_order_relaxed);
  while (before < until &&
         !until_.compare_exchange_weak(before, until, std::memory_order_relaxed)) {
  }
}

Duration seconds_rounded_up(Duration time) { return std::chrono::ceil<std::chrono::seconds>(time); }

std::string retry_after_seconds(Duration time) {
  return std::to_string(seconds_rounded_up(time) / std::chrono::seconds(1));
}

std::optional<Duration> retry_after_of(const std::vector<HttpHeader>& headers) {
  for (const auto& header : headers) {
    if (!same_header_name(header.name, "retry-after")) continue;
    const auto seconds = parse_whole_number(header.value, kMostRetryAfter);
    return seconds ? std::optional<Duration>(std::chrono::seconds(*seconds)) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace brownout::rules
