// GrpcRetry decides whether and when a gRPC client repeats a call that failed (gRFC A6, "Client
// Retries"): the retry policy, pushback by the server, and transparent retries. One object for each
// call. Pure logic; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "rules/base/instant.h"
#include "rules/chance/dice.h"
#include "rules/protocols/grpc/grpc_status.h"

namespace brownout::rules {

struct GrpcRetryPolicy {
  static constexpr std::int64_t kMostAttempts = 5;  // clients treat larger values as this one

  std::int64_t max_attempts = 1;                      // number of attempts with the first one
  Duration backoff = std::chrono::milliseconds(100);  // longest pause before the second attempt
  Duration backoff_most = std::chrono::seconds(1);
  double multiplier = 2;
  std::vector<GrpcStatus> codes = {GrpcStatus::kUnavailable};
};

// How an attempt failed.
struct GrpcFailure {
  GrpcStatus status = GrpcStatus::kUnknown;
  std::optional<std::string> pushback = {};  // value of `grpc-retry-pushback-ms`
  // Whether the server has not processed the call: its stream was refused.
  bool refused = false;
  // Whether the server has sent the head of a response. Such a call is not repeated.
  bool committed = false;
};

class GrpcRetry {
 public:
  // `policy` is borrowed and must outlive the object.
  GrpcRetry(const GrpcRetryPolicy& policy, Dice dice) : policy_(policy), dice_(dice) {}

  // Returns how long to wait before the next attempt; no value if the call has failed.
  std::optional<Duration> failed(const GrpcFailure& failure);
  // Number of failed attempts that servers may have seen, for the header
  // grpc-previous-rpc-attempts (gRFC A6).
  std::int64_t attempts() const { return attempts_; }

 private:
  const GrpcRetryPolicy& policy_;
  Dice dice_;
  std::int64_t attempts_ = 0;     // failed attempts that count against max_attempts
  std::int64_t backoffs_ = 0;     // pauses since the last pushback
  bool was_transparent_ = false;  // the one transparent retry was made
};

}  // namespace brownout::rules
