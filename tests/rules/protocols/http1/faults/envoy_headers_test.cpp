#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

const std::string kEnvoyHeadersRule = "[[rule]]\nfault = { type = \"envoy_headers\" }";

TEST(EnvoyHeaders, RequestHeadersChooseTheFault) {
  HttpLab lab(kEnvoyHeadersRule);
  EXPECT_EQ(lab.ask("GET", "/", "x-envoy-fault-delay-request: 1500\r\n"), "+1.5s 200 hello");
  EXPECT_EQ(lab.ask("GET", "/", "x-envoy-fault-abort-request: 503\r\n"), "503 fault filter abort");
  EXPECT_EQ(lab.ask("GET", "/", "X-Envoy-Fault-Abort-Grpc-Request: 14\r\n"), "200");
  lab.reply = "HTTP/1.1 200 OK\r\nContent-Length: 3072\r\n\r\n" + std::string(3072, 'x');
  EXPECT_EQ(lab.ask("GET", "/", "x-envoy-fault-throughput-response: 1\r\n"),
            "200 " + std::string(3072, 'x') + " in 3s");
  EXPECT_THAT(lab.to_server_bytes(), testing::Not(testing::HasSubstr("nvoy")));
}

TEST(EnvoyHeaders, PercentagesApplyWithinTheRulesProbability) {
  HttpLab lab("[[rule]]\nprobability = \"50%\"\nfault = { type = \"envoy_headers\" }");
  int hits = 0;
  for (int i = 0; i < 2000; ++i) {
    hits += lab.ask("GET", "/",
                    "x-envoy-fault-abort-request: 503\r\nx-envoy-fault-abort-request-percentage: "
                    "40\r\n") != "200 hello";
  }
  EXPECT_NEAR(hits, 400, 80);
  // The headers are removed even from requests that the random draw does not select.
  EXPECT_THAT(lab.to_server_bytes(), testing::Not(testing::HasSubstr("envoy")));
}

TEST(EnvoyHeaders, RampRaisesTheShareOfRequestsAndNotTheRate) {
  HttpLab lab("[[rule]]\nramp = \"100000h\"\nfault = { type = \"envoy_headers\" }");
  lab.reply = "HTTP/1.1 200 OK\r\nContent-Length: 1024\r\n\r\n" + std::string(1024, 'x');
  lab.advance(30000h);
  int slow = 0;
  for (int i = 0; i < 100; ++i) {
    const auto answer = lab.ask("GET", "/", "x-envoy-fault-throughput-response: 1\r\n");
    const auto whole = "200 " + std::string(1024, 'x');
    EXPECT_TRUE(answer == whole || answer == whole + " in 1s") << answer.substr(whole.size());
    slow += answer == whole ? 0 : 1;
  }
  EXPECT_NEAR(slow, 33, 15);
}

TEST(EnvoyHeaders, IgnoresInvalidValues) {
  HttpLab lab(kEnvoyHeadersRule);
  for (const auto* value : {"-1", "abc", "99999", "", "503 "}) {
    EXPECT_EQ(lab.ask("GET", "/", "x-envoy-fault-abort-request: " + std::string(value) + "\r\n")
                  .substr(0, 3),
              std::string(value) == "503 " ? "503" : "200")
        << value;
  }
}

TEST(EnvoyHeaders, HeadersHaveNoEffectUnlessEnabled) {
  HttpLab lab("[[rule]]\nfault = { type = \"envoy_headers\", abort = false }");
  EXPECT_EQ(lab.ask("GET", "/", "x-envoy-fault-abort-request: 503\r\n"), "200 hello");
  HttpLab none;
  EXPECT_EQ(none.ask("GET", "/", "x-envoy-fault-abort-request: 503\r\n"), "200 hello");
  EXPECT_THAT(none.to_server_bytes(), testing::HasSubstr("x-envoy-fault-abort-request"));
}

}  // namespace
}  // namespace brownout::test
