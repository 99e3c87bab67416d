// OtlpRetry decides when a request is sent again: exponential back-off with jitter, as the
// OpenTelemetry protocol demands, for a bounded time. Pure; any thread.
#pragma once

#include <chrono>
#include <optional>

#include "proxy/loop/post.h"
#include "proxy/observe/otlp_answer.h"

namespace brownout::proxy {

class OtlpRetry {
 public:
  using Milliseconds = std::chrono::milliseconds;
  // Time from the first try to the last.
  static constexpr Milliseconds kMostTime = std::chrono::minutes(5);
  // Limit of tries without a response. The collector may have accepted each of them, so a slow
  // collector may store each span this many times.
  static constexpr int kMostUncertain = 3;
  static constexpr Milliseconds kFirstPause{1000};
  static constexpr Milliseconds kMostPause{30'000};
  static constexpr Milliseconds kMostRetryAfter{60'000};

  // Returns how long to wait before the next try; nothing if the request is to be dropped. `since`
  // is the time since the first try began, `draw` a random number from 0 to 1.
  std::optional<Milliseconds> pause(const PostResult& result, OtlpAnswer::Then then,
                                    Milliseconds since, double draw);

 private:
  Milliseconds next_ = kFirstPause;
  int uncertain_ = 0;
};

}  // namespace brownout::proxy
