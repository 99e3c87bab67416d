// Tests how answers of a collector are understood, and when a request is sent again.
#include "proxy/observe/otlp_answer.h"

#include <gtest/gtest.h>

#include "proxy/observe/otlp_retry.h"

namespace brownout::proxy {
namespace {

using Then = OtlpAnswer::Then;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr const char* kOtlpTestUrl = "http://127.0.0.1:4318";

OtlpAnswer answer_to(const PostResult& result, OtlpSignal signal = OtlpSignal::kTraces,
                     std::string_view url = kOtlpTestUrl) {
  return otlp_answer(result, signal, url);
}

TEST(OtlpAnswer, SaysWhetherToSendAgain) {
  for (const auto status : {429, 502, 503, 504}) {
    EXPECT_EQ(answer_to({.status = status}).then, Then::kRetry) << status;
  }
  for (const auto status : {301, 400, 401, 403, 413, 415, 500, 501}) {
    EXPECT_EQ(answer_to({.status = status}).then, Then::kDrop) << status;
  }
  for (const auto status : {404, 405}) {
    EXPECT_EQ(answer_to({.status = status}).then, Then::kNoSignal) << status;
  }
  EXPECT_EQ(answer_to({.status = 202}).then, Then::kAccepted);
  EXPECT_EQ(answer_to({.failure = PostFailure::kOther}).then, Then::kRetry);
  EXPECT_EQ(answer_to({.failure = PostFailure::kUntrusted}).then, Then::kRetrySlowly);
  EXPECT_EQ(answer_to({.failure = PostFailure::kNotHttp}).then, Then::kDrop);
  EXPECT_EQ(answer_to({.status = 200, .error = "cut off"}).then, Then::kAccepted);
}

TEST(OtlpAnswer, HasTheStatusAndTheCollectorsText) {
  const auto why = [](const std::string& body) {
    return answer_to({.status = 400, .body = body}).why.substr(29);
  };
  EXPECT_EQ(answer_to({.status = 400}).why, "the answer is HTTP status 400");
  EXPECT_EQ(why(R"({"code":3,"message":"bad span"})"), ": bad span");
  EXPECT_EQ(why("\r\n too old. \nsecond line"), ": too old");
  EXPECT_EQ(why(" \n\t"), "");
  EXPECT_EQ(why("{}"), "");
  EXPECT_EQ(why("\x1b[31mred\xff"), ": \x20[31mred?");
  EXPECT_EQ(why(R"({"message":17})"), R"(: {"message":17})");
  EXPECT_LE(why(std::string(60'000, 'x')).size(), 220U);
  EXPECT_LE(why(std::string(60'000, '[')).size(), 220U);
}

TEST(OtlpAnswer, HintsFitTheReason) {
  const auto hint = [](const PostResult& result, std::string_view url = kOtlpTestUrl) {
    return answer_to(result, OtlpSignal::kMetrics, url).hint;
  };
  EXPECT_NE(hint({.status = 401}).find("OTEL_EXPORTER_OTLP_HEADERS"), std::string::npos);
  EXPECT_NE(hint({.status = 404}).find("a pipeline for metrics"), std::string::npos);
  EXPECT_NE(hint({.status = 413}).find("max_request_body_size"), std::string::npos);
  EXPECT_NE(hint({.status = 400, .body = "Client sent an HTTP request to an HTTPS server."})
                .find("https://"),
            std::string::npos);
  EXPECT_TRUE(hint({.status = 307, .redirect = "http://127.0.0.1:4319/v1/metrics"})
                  .ends_with(" http://127.0.0.1:4319"));
  EXPECT_NE(hint({.failure = PostFailure::kNotHttp}).find("4318"), std::string::npos);
  EXPECT_NE(hint({.failure = PostFailure::kOther}, "http://collector:4317").find("gRPC"),
            std::string::npos);
  EXPECT_NE(hint({.failure = PostFailure::kUntrusted}).find("OTEL_EXPORTER_OTLP_CERTIFICATE"),
            std::string::npos);
}

TEST(OtlpAnswer, ReadsPartialSuccess) {
  const auto partial = [](const std::string& members, OtlpSignal signal = OtlpSignal::kTraces) {
    return answer_to({.status = 200, .body = "{\"partialSuccess\":" + members + "}"}, signal);
  };
  EXPECT_EQ(partial(R"({"rejectedSpans":"3","errorMessage":"too old"})").rejected, 3U);
  EXPECT_EQ(partial(R"({"rejectedSpans":3,"errorMessage":"too\nold"})").message, "too old");
  EXPECT_EQ(partial(R"({"errorMessage":"soon gone"})").message, "soon gone");
  EXPECT_EQ(partial(R"({"rejectedDataPoints":2})").rejected, 0U);
  EXPECT_EQ(partial(R"({"rejectedDataPoints":2})", OtlpSignal::kMetrics).rejected, 2U);
  for (const auto* wrong : {"{}", "[]", "null", R"({"rejectedSpans":-1})",
                            R"({"rejectedSpans":"x"})", R"({"rejectedSpans":{}})"}) {
    EXPECT_EQ(partial(wrong).rejected, 0U) << wrong;
    EXPECT_EQ(partial(wrong).then, Then::kAccepted) << wrong;
  }
  EXPECT_EQ(answer_to({.status = 200, .body = "not JSON"}).rejected, 0U);
}

TEST(OtlpRetry, BacksOffForABoundedTime) {
  OtlpRetry retry;
  milliseconds since{0};
  std::string pauses;
  while (const auto pause = retry.pause({.status = 503}, Then::kRetry, since, 1)) {
    since += *pause;
    pauses += std::to_string(pause->count()) + " ";
  }
  EXPECT_EQ(pauses, "1000 2000 4000 8000 16000 30000 30000 30000 30000 30000 30000 30000 30000 ");
  EXPECT_LE(since, OtlpRetry::kMostTime);
}

TEST(OtlpRetry, TheJitterIsHalfOfThePause) {
  EXPECT_EQ(OtlpRetry().pause({.status = 503}, Then::kRetry, {}, 0), milliseconds(500));
  EXPECT_EQ(OtlpRetry().pause({.status = 503}, Then::kRetry, {}, 0.5), milliseconds(750));
}

TEST(OtlpRetry, AnUncertainRequestIsSentThreeTimesAtMost) {
  const PostResult timed_out{.error = "Timeout was reached", .sent = true};
  OtlpRetry retry;
  EXPECT_TRUE(retry.pause(timed_out, Then::kRetry, {}, 0));
  EXPECT_TRUE(retry.pause({.error = "Couldn't connect to server"}, Then::kRetry, {}, 0));
  EXPECT_TRUE(retry.pause(timed_out, Then::kRetry, {}, 0));
  EXPECT_FALSE(retry.pause(timed_out, Then::kRetry, {}, 0));
}

TEST(OtlpRetry, WaitsAsLongAsTheCollectorAsksWithinBounds) {
  const PostResult busy{.status = 429, .retry_after = seconds(4)};
  EXPECT_EQ(OtlpRetry().pause(busy, Then::kRetry, {}, 0), seconds(4));
  EXPECT_EQ(OtlpRetry().pause(busy, Then::kRetry, {}, 1), milliseconds(4400));
  const PostResult closed{.status = 503, .retry_after = std::chrono::hours(1)};
  EXPECT_EQ(OtlpRetry().pause(closed, Then::kRetry, {}, 0), OtlpRetry::kMostRetryAfter);
}

TEST(OtlpRetry, AnUntrustedCertificateIsTriedSlowlyAndARefusalNotAtAll) {
  OtlpRetry retry;
  const PostResult untrusted{.failure = PostFailure::kUntrusted};
  EXPECT_EQ(retry.pause(untrusted, Then::kRetrySlowly, {}, 0), OtlpRetry::kMostPause / 2);
  EXPECT_FALSE(retry.pause({.status = 400}, Then::kDrop, {}, 0));
  EXPECT_FALSE(retry.pause({.status = 404}, Then::kNoSignal, {}, 0));
}

}  // namespace
}  // namespace brownout::proxy
