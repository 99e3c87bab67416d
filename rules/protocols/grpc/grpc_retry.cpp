#include "rules/protocols/grpc/grpc_retry.h"

#include <algorithm>
#include <cmath>

#include "rules/base/whole_number.h"

namespace brownout::rules {

std::optional<Duration> GrpcRetry::failed(const GrpcFailure& failure) {
  if (failure.committed) return std::nullopt;
  // A refused stream is retried without a pause, independently of the policy, but only once.
  // Otherwise a load balancer that refuses all streams would cause an endless loop (gRFC A6,
  // "Transparent Retries").
  if (failure.refused && !was_transparent_) {
    was_transparent_ = true;
    return Duration::zero();
  }
  ++attempts_;
  if (attempts_ >= std::min(policy_.max_attempts, GrpcRetryPolicy::kMostAttempts)) {
    return std::nullopt;
  }
  const auto& codes = policy_.codes;
  if (std::find(codes.begin(), codes.end(), failure.status) == codes.end()) return std::nullopt;
  if (failure.pushback) {
    // A negative or malformed number means that the server wants no retry.
    const auto wait = parse_whole_number(*failure.pushback, std::uint32_t{INT32_MAX});
    if (!wait) return std::nullopt;
    backoffs_ = 0;
    return std::chrono::milliseconds(*wait);
  }
  const auto grown = static_cast<double>(policy_.backoff.count()) *
                     std::pow(policy_.multiplier, static_cast<double>(backoffs_++));
  const auto most = std::min(grown, static_cast<double>(policy_.backoff_most.count()));
  return rounded(most * dice_.unit(static_cast<std::uint64_t>(attempts_)));
}

}  // namespace brownout::rules
