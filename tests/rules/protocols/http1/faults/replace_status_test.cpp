#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(ReplaceStatus, KeepsHeadersAndBody) {
  HttpLab lab("[[rule]]\nfault = { type = \"replace_status\", status = 503 }");
  lab.reply = "HTTP/1.1 200 Fine\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhello";
  EXPECT_EQ(lab.get("/"), "503 hello");
  EXPECT_THAT(lab.to_client_bytes(),
              StartsWith("HTTP/1.1 503 Service Unavailable\r\nX-A: 1\r\nContent-Length: 5\r\n"));
  EXPECT_THAT(lab.to_server_bytes(), HasSubstr("GET / ")) << "the server is asked";
}

// A client waits for the body of a 200, but the server sends none after 204 and 304.
TEST(ReplaceStatus, GivesAResponseWithoutABodyAnEmptyBody) {
  HttpLab lab("[[rule]]\nfault = { type = \"replace_status\", status = 200 }");
  lab.reply = "HTTP/1.1 204 No Content\r\n\r\n";
  EXPECT_EQ(lab.get("/"), "200");
  lab.reply = "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n";
  EXPECT_EQ(lab.get("/"), "200");
}

TEST(ReplaceStatus, DrawsByWeight) {
  HttpLab lab("[[rule]]\nfault = { type = \"replace_status\", status = { 500 = 1, 503 = 3 } }");
  int unavailable = 0;
  for (int i = 0; i < 400; ++i) {
    const auto answer = lab.get("/");
    EXPECT_TRUE(answer == "500 hello" || answer == "503 hello") << answer;
    unavailable += answer == "503 hello" ? 1 : 0;
  }
  EXPECT_NEAR(unavailable, 300, 40);
}

TEST(ReplaceStatus, RefusesStatusesThatCannotBe) {
  const auto problem = [](const std::string& status) {
    return first_problem_of(
        "[[rule]]\nfault = { type = \"replace_status\", status = " + status + " }", "http");
  };
  EXPECT_THAT(problem("204"), HasSubstr("a response with status 204 has no body"));
  EXPECT_THAT(problem("205"), HasSubstr("has no body"));
  EXPECT_THAT(problem("{ 500 = 1, 304 = 1 }"), HasSubstr("status 304 has no body"));
  EXPECT_THAT(problem("99"), HasSubstr("\"99\" is not a status from 200 to 599"));
  EXPECT_THAT(problem("{ 500 = 1, 700 = 1 }"), HasSubstr("\"700\" is not a status"));
  EXPECT_THAT(problem("{ 500 = 0 }"), HasSubstr("the weight of status 500 is 0"));
  EXPECT_THAT(problem("{ 500 = \"x\" }"), HasSubstr("a weight from 1 to 1000000"));
  EXPECT_THAT(problem("{}"), HasSubstr("a status, or a table of statuses and weights"));
  EXPECT_THAT(problem("\"often\""), HasSubstr("a status, or a table of statuses and weights"));
}

}  // namespace
}  // namespace brownout::test
