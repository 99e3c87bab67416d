#include "proxy/observe/otlp_retry.h"

#include <algorithm>
#include <utility>

namespace brownout::proxy {

std::optional<OtlpRetry::Milliseconds> OtlpRetry::pause(const PostResult& result,
                                                        OtlpAnswer::Then then, Milliseconds since,
                                                        double draw) {
  const bool slowly = then == OtlpAnswer::Then::kRetrySlowly;
  if (then != OtlpAnswer::Then::kRetry && !slowly) return std::nullopt;
  if (result.status == 0 && result.sent && ++uncertain_ >= kMostUncertain) return std::nullopt;
  if (slowly) next_ = kMostPause;
  const auto between = std::exchange(next_, std::min(2 * next_, kMostPause));
  // Adds jitter, so that clients that failed together retry at different times: in the second half
  // of the pause, but never before the collector's Retry-After.
  const auto part = [&](Milliseconds of) {
    return Milliseconds(static_cast<Milliseconds::rep>(draw * static_cast<double>(of.count())));
  };
  auto pause = between / 2 + part(between / 2);
  if (result.retry_after.count() > 0) {
    const Milliseconds asked = std::min<Milliseconds>(result.retry_after, kMostRetryAfter);
    pause = asked + part(asked / 10);
  }
  if (since + pause > kMostTime) return std::nullopt;
  return pause;
}

}  // namespace brownout::proxy
