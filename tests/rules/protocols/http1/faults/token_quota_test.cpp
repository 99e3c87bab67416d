#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;

const std::string kUsedUp =
    "429 {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\",\"code\":"
    "\"rate_limit_exceeded\",\"message\":\"the quota of tokens is used up\"}}";

std::string quota(const std::string& settings) {
  return "[[rule]]\nfault = { type = \"token_quota\", " + settings + " }";
}

std::string response(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Each request of the lab takes ten minutes.
TEST(TokenQuota, RefusesAClientThatHasUsedUpItsTokens) {
  HttpLab lab(quota("tokens = 20, window = \"45m\""));
  const std::string body =
      R"({"usage":{"prompt_tokens":4,"completion_tokens":6,"total_tokens":10}})";
  lab.reply = response(body);
  EXPECT_EQ(lab.get("/"), "200 " + body);
  EXPECT_EQ(lab.get("/"), "200 " + body);
  EXPECT_EQ(lab.get("/"), kUsedUp);
  EXPECT_THAT(lab.to_client_bytes(), HasSubstr("retry-after: 1500\r\n"));
  EXPECT_EQ(lab.get("/"), kUsedUp);
  EXPECT_THAT(lab.to_client_bytes(), HasSubstr("retry-after: 900\r\n"));
  EXPECT_EQ(lab.state().shared->status(), "20 tokens; 0 responses without usage; ");
  lab.reconnect("10.9.9.9");
  EXPECT_EQ(lab.get("/"), "200 " + body) << "another client";
  lab.reconnect();
  EXPECT_EQ(lab.get("/"), "200 " + body) << "the next window";
}

TEST(TokenQuota, CountsTheEventsOfAStreamUpToItsEnd) {
  HttpLab lab(quota("tokens = 15, window = \"1h\", count = \"output\", header = \"x-api-key\""), 1,
              "sse");
  const std::string first = "data: {\"usage\":{\"output_tokens\":1}}\n\ndata";
  const std::string last = ": {\"usage\":{\"output_tokens\":15}}\n\n";
  const auto piece = [](const std::string& text) {
    std::ostringstream size;
    size << std::hex << text.size();
    return size.str() + "\r\n" + text + "\r\n";
  };
  lab.reply =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" +
      piece(first) + piece(last) + "0\r\n\r\n";
  const auto ask = [&](const std::string& key) {
    return lab.ask("POST", "/v1/messages", "X-Api-Key: " + key + "\r\n", "hello").substr(0, 3);
  };
  EXPECT_EQ(ask("a"), "200");
  EXPECT_EQ(ask("a"), "429");
  EXPECT_EQ(ask("b"), "200");
}

TEST(TokenQuota, AsksForAResponseThatItCanRead) {
  HttpLab lab(quota("tokens = 15"));
  lab.ask("GET", "/", "Accept-Encoding: gzip, br\r\n");
  EXPECT_THAT(lab.to_server_bytes(), HasSubstr("accept-encoding: identity\r\n"));
  EXPECT_THAT(lab.to_server_bytes(), testing::Not(HasSubstr("gzip")));
}

TEST(TokenQuota, WithoutUsageItCountsBytesIfItIsTold) {
  HttpLab silent(quota("tokens = 1, window = \"1h\""));
  EXPECT_EQ(silent.count(5, "/", "200 hello"), 5);
  EXPECT_EQ(silent.state().shared->status(), "0 tokens; 5 responses without usage; ");
  HttpLab lab(quota("tokens = 5, window = \"2h\", bytes_per_token = \"4 B\""));
  EXPECT_EQ(lab.ask("POST", "/", "", "0123456"), "200 hello");  // 12 bytes are 3 tokens
  EXPECT_EQ(lab.ask("POST", "/", "", "0123456"), "200 hello");
  EXPECT_EQ(lab.ask("POST", "/", "", "0123456"), kUsedUp);
  lab.reconnect("10.9.9.9");
  lab.reply = "HTTP/1.1 500 Oh\r\nContent-Length: 30\r\n\r\n012345678901234567890123456789";
  EXPECT_EQ(lab.get("/").substr(0, 3), "500");
  lab.reply = response("hello");
  EXPECT_EQ(lab.get("/"), "200 hello") << "errors cost nothing";
}

TEST(TokenQuota, AResponseThatIsCutShortCountsToo) {
  HttpLab lab(quota("tokens = 5, window = \"1h\""));
  lab.reply = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"usage\":{\"total_tokens\":5}";
  lab.get("/");
  lab.server_ends(true);
  lab.reconnect();
  EXPECT_EQ(lab.get("/"), kUsedUp);
}

TEST(TokenQuota, PunishesAClientThatComesBackEarly) {
  HttpLab lab(quota("tokens = 5, window = \"35m\", retry_after = \"punish\""));
  lab.reply = response(R"({"total_tokens":5})");
  EXPECT_EQ(lab.get("/").substr(0, 3), "200");
  EXPECT_EQ(lab.get("/"), kUsedUp);
  EXPECT_EQ(lab.get("/"), kUsedUp);
  EXPECT_THAT(lab.to_client_bytes(), HasSubstr("retry-after: 900\r\n"));
  EXPECT_EQ(lab.state().early, 1U);
}

TEST(TokenQuota, RefusesWrongSettings) {
  const auto problem = [](const std::string& settings) {
    return first_problem_of(quota(settings), "http");
  };
  EXPECT_THAT(problem("window = \"1m\""), HasSubstr("needs \"tokens\""));
  EXPECT_THAT(problem("tokens = 0"), HasSubstr("out of range"));
  EXPECT_THAT(problem("tokens = 5, header = \"x-key\", shared = \"rule\""),
              HasSubstr("exclude each other"));
}

}  // namespace
}  // namespace brownout::test
