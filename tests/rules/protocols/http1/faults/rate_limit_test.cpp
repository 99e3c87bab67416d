#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(RateLimit, AllowsABurstThenTheRate) {
  HttpLab lab("[[rule]]\nfault = { type = \"rate_limit\", rate = \"6/h\", burst = 3 }");
  EXPECT_EQ(lab.count(3, "/", "200 hello"), 3);  // each request of this lab takes ten minutes
  HttpLab fast("[[rule]]\nfault = { type = \"rate_limit\", rate = \"1/h\", burst = 2 }");
  EXPECT_EQ(fast.count(2, "/", "200 hello"), 2);
  EXPECT_EQ(fast.get("/"), "429 too many requests\n");
  EXPECT_THAT(fast.to_client_bytes(), testing::HasSubstr("retry-after: 2400\r\n"));
}

TEST(RateLimit, LimitsEachClient) {
  HttpLab lab("[[rule]]\nfault = { type = \"rate_limit\", rate = \"1/h\" }");
  EXPECT_EQ(lab.get("/"), "200 hello");
  lab.reconnect();
  EXPECT_EQ(lab.get("/"), "429 too many requests\n");
  lab.reconnect("10.9.9.9");
  EXPECT_EQ(lab.get("/"), "200 hello");
}

TEST(RateLimit, LimitsEachValueOfAHeader) {
  HttpLab lab(R"([[rule]]
fault = { type = "rate_limit", rate = "1/h", header = "X-Api-Key", status = 503 })");
  EXPECT_EQ(lab.ask("GET", "/", "x-api-key: a\r\n"), "200 hello");
  EXPECT_EQ(lab.ask("GET", "/", "x-api-key: b\r\n"), "200 hello");
  EXPECT_EQ(lab.ask("GET", "/", "x-api-key: a\r\n"), "503 too many requests\n");
}

TEST(RateLimit, LimitsAllClientsTogether) {
  HttpLab lab("[[rule]]\nfault = { type = \"rate_limit\", rate = \"1/h\", shared = \"rule\" }");
  EXPECT_EQ(lab.get("/"), "200 hello");
  lab.reconnect("10.9.9.9");
  EXPECT_EQ(lab.get("/"), "429 too many requests\n");
}

TEST(RateLimit, CountsDownInAWindow) {
  HttpLab lab("[[rule]]\nfault = { type = \"rate_limit\", limit = 2, window = \"25m\" }");
  const auto headers = [&lab] {  // of the last response; each takes ten minutes
    const auto& all = lab.to_client_bytes();
    const auto last = all.substr(all.rfind("HTTP/1.1 "));
    std::string text = last.substr(9, 3);
    for (const auto* name :
         {"RateLimit-Limit: ", "RateLimit-Remaining: ", "RateLimit-Reset: ", "retry-after: "}) {
      const auto at = last.find(name);
      if (at == std::string::npos) continue;
      const auto begin = at + std::string(name).size();
      text += " " + last.substr(begin, last.find('\r', begin) - begin);
    }
    return text;
  };
  EXPECT_EQ(lab.get("/"), "200 hello");
  EXPECT_EQ(headers(), "200 2 1 1500");
  lab.get("/");
  EXPECT_EQ(headers(), "200 2 0 900");
  EXPECT_EQ(lab.get("/"), "429 too many requests\n");
  EXPECT_EQ(headers(), "429 2 0 300 300");
  lab.get("/");
  EXPECT_EQ(headers(), "200 2 1 1500") << "the next window begins with its first request";
}

TEST(RateLimit, CountsClientsAndHeadersInTheirOwnWindows) {
  HttpLab lab(R"([[rule]]
fault = { type = "rate_limit", limit = 1, window = "1h", header = "x-key", header_prefix = "X-RateLimit-" })");
  EXPECT_EQ(lab.ask("GET", "/", "x-key: a\r\n"), "200 hello");
  EXPECT_THAT(lab.to_client_bytes(), testing::HasSubstr("X-RateLimit-Remaining: 0\r\n"));
  EXPECT_EQ(lab.ask("GET", "/", "x-key: b\r\n"), "200 hello");
  EXPECT_EQ(lab.ask("GET", "/", "x-key: a\r\n"), "429 too many requests\n");
}

// Later rules may still change the headers.
TEST(RateLimit, AnswersOfRulesHaveTheHeadersToo) {
  HttpLab lab(R"([[rule]]
fault = { type = "rate_limit", limit = 5, window = "1h" }
[[rule]]
fault = { type = "abort", status = 503 }
[[rule]]
match = { direction = "downstream" }
fault = { type = "rewrite_header", remove = ["ratelimit-reset"] })");
  EXPECT_EQ(lab.get("/"), "503");
  EXPECT_THAT(lab.to_client_bytes(), testing::HasSubstr("RateLimit-Remaining: 4\r\n"));
  EXPECT_THAT(lab.to_client_bytes(), testing::Not(testing::HasSubstr("Reset")));
}

// A client that sends many values must not use up the limit of the others.
TEST(RateLimit, ValuesBeyondTheTableAreNotLimited) {
  HttpLab lab(R"([[rule]]
fault = { type = "rate_limit", limit = 1, window = "1h", header = "x-key" })");
  for (int i = 0; i < 66'000; ++i) lab.ask("GET", "/", "x-key: " + std::to_string(i) + "\r\n");
  EXPECT_EQ(lab.ask("GET", "/", "x-key: new\r\n"), "200 hello");
  EXPECT_EQ(lab.ask("GET", "/", "x-key: new\r\n"), "200 hello");
}

TEST(RateLimit, PunishesAClientThatComesBackEarly) {
  // Each request of this lab takes ten minutes.
  HttpLab lab(R"([[rule]]
fault = { type = "rate_limit", rate = "2/h", burst = 1, retry_after = "punish" })");
  EXPECT_EQ(lab.get("/"), "200 hello");
  EXPECT_EQ(lab.get("/"), "429 too many requests\n");  // ten minutes after the first: wait twenty
  EXPECT_THAT(lab.to_client_bytes(), testing::HasSubstr("retry-after: 1200\r\n"));
  EXPECT_EQ(lab.get("/"), "429 too many requests\n");
  EXPECT_THAT(lab.to_client_bytes(), testing::HasSubstr("retry-after: 600\r\n"));
  EXPECT_EQ(lab.state().early, 1U);
  EXPECT_EQ(lab.get("/"), "200 hello") << "an early request takes no token";
}

TEST(RateLimit, PunishesByTheHeaderThatSharesTheLimit) {
  HttpLab lab(R"([[rule]]
fault = { type = "rate_limit", limit = 1, window = "15m", header = "x-key", retry_after = "punish" })");
  lab.ask("GET", "/", "x-key: a\r\n");
  EXPECT_EQ(lab.ask("GET", "/", "x-key: a\r\n"), "429 too many requests\n");
  EXPECT_EQ(lab.ask("GET", "/", "x-key: b\r\n"), "200 hello");
  EXPECT_EQ(lab.state().early, 0U);
  EXPECT_EQ(lab.ask("GET", "/", "x-key: a\r\n"), "200 hello");
}

TEST(RateLimit, RefusesSettingsThatContradict) {
  const auto problem = [](const std::string& settings) {
    return first_problem_of("[[rule]]\nfault = { type = \"rate_limit\"" + settings + " }", "http");
  };
  EXPECT_THAT(problem(""), testing::HasSubstr("needs either `rate`, or `limit` and `window`"));
  EXPECT_THAT(problem(", limit = 5"), testing::HasSubstr("needs either"));
  EXPECT_THAT(problem(", rate = \"1/s\", window = \"1m\""), testing::HasSubstr("needs either"));
  EXPECT_THAT(problem(", rate = \"1/s\", header_prefix = \"X-\""),
              testing::HasSubstr("header_prefix belongs to `window`"));
  EXPECT_THAT(problem(", limit = 5, window = \"1m\", burst = 2"),
              testing::HasSubstr("burst belongs to `rate`"));
  EXPECT_THAT(problem(", limit = 5, window = \"1m\", header_prefix = \"a b\""),
              testing::HasSubstr("is not a valid prefix of header names"));
  EXPECT_THAT(problem(", rate = \"0/s\""), testing::HasSubstr("out of range"));
}

}  // namespace
}  // namespace brownout::test
