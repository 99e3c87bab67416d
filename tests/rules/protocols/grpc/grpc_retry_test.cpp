#include "rules/protocols/grpc/grpc_retry.h"

#include <gtest/gtest.h>

namespace brownout::test {
namespace {

using namespace std::chrono_literals;
using rules::GrpcFailure;
using rules::GrpcRetry;
using rules::GrpcStatus;

const rules::GrpcRetryPolicy kFour{.max_attempts = 4, .backoff = 100ms, .backoff_most = 300ms};
const GrpcFailure kUnavailable{.status = GrpcStatus::kUnavailable};
const GrpcFailure kRefused{.status = GrpcStatus::kUnavailable, .refused = true};

GrpcFailure with_pushback(const std::string& text) {
  return {.status = GrpcStatus::kUnavailable, .pushback = text};
}
rules::Dice dice(std::uint64_t seed) { return {seed, 1, 1}; }

TEST(GrpcRetry, PausesGrowUpToALimitAndAreRandom) {
  rules::Duration first{};
  rules::Duration second{};
  rules::Duration third{};
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    GrpcRetry retry(kFour, dice(seed));
    first = std::max(first, retry.failed(kUnavailable).value());
    second = std::max(second, retry.failed(kUnavailable).value());
    third = std::max(third, retry.failed(kUnavailable).value());
    EXPECT_EQ(retry.failed(kUnavailable), std::nullopt);
  }
  EXPECT_TRUE(95ms < first && first < 100ms) << rules::to_text(first);
  EXPECT_TRUE(190ms < second && second < 200ms) << rules::to_text(second);
  EXPECT_TRUE(285ms < third && third < 300ms) << rules::to_text(third);
}

TEST(GrpcRetry, OnlyCallsWithARetryableStatusAreRepeated) {
  for (const auto status : {GrpcStatus::kInternal, GrpcStatus::kDeadlineExceeded}) {
    GrpcRetry retry(kFour, dice(1));
    EXPECT_EQ(retry.failed({.status = status}), std::nullopt);
  }
  const rules::GrpcRetryPolicy aborted{.max_attempts = 2, .codes = {GrpcStatus::kAborted}};
  EXPECT_NE(GrpcRetry(aborted, dice(1)).failed({.status = GrpcStatus::kAborted}), std::nullopt);
  EXPECT_EQ(GrpcRetry(aborted, dice(1)).failed(kUnavailable), std::nullopt);
}

TEST(GrpcRetry, ACallWhoseResponseHasBegunIsNotRepeated) {
  GrpcRetry retry(kFour, dice(1));
  EXPECT_EQ(retry.failed({.status = GrpcStatus::kUnavailable, .committed = true}), std::nullopt);
}

TEST(GrpcRetry, WithoutAPolicyOnlyARefusedCallIsRepeatedOnce) {
  const rules::GrpcRetryPolicy none;
  EXPECT_EQ(GrpcRetry(none, dice(1)).failed(kUnavailable), std::nullopt);
  GrpcRetry retry(none, dice(1));
  EXPECT_EQ(retry.failed(kRefused), 0ns);
  EXPECT_EQ(retry.failed(kRefused), std::nullopt);
}

TEST(GrpcRetry, TheTransparentAttemptDoesNotCount) {
  const rules::GrpcRetryPolicy two{.max_attempts = 2};
  GrpcRetry retry(two, dice(1));
  EXPECT_EQ(retry.failed(kRefused), 0ns);
  EXPECT_NE(retry.failed(kRefused), std::nullopt);
  EXPECT_EQ(retry.failed(kRefused), std::nullopt);
}

TEST(GrpcRetry, PushbackSetsThePauseAndRestartsTheBackoff) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    GrpcRetry retry(kFour, dice(seed));
    retry.failed(kUnavailable);
    EXPECT_EQ(retry.failed(with_pushback("2500")), 2500ms);
    EXPECT_LT(retry.failed(kUnavailable), 100ms);
  }
}

TEST(GrpcRetry, PushbackMayForbidARepetition) {
  for (const auto* text : {"-1", "", "soon", "1.5", "99999999999"}) {
    EXPECT_EQ(GrpcRetry(kFour, dice(1)).failed(with_pushback(text)), std::nullopt) << text;
  }
  EXPECT_EQ(GrpcRetry(kFour, dice(1)).failed(with_pushback("0")), 0ns);
}

// gRFC A6, "Limits on Retries and Hedges".
TEST(GrpcRetry, ThereAreAtMostFiveAttempts) {
  const rules::GrpcRetryPolicy many{.max_attempts = 100};
  GrpcRetry retry(many, dice(1));
  int attempts = 1;
  while (retry.failed(kUnavailable)) ++attempts;
  EXPECT_EQ(attempts, 5);
}

}  // namespace
}  // namespace brownout::test
