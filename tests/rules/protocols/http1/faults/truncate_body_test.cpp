#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(TruncateBody, ClosesWithinTheBody) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "truncate_body", after = "2 B" })");
  EXPECT_EQ(lab.get("/"), "200 he (closed)");
  lab.reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  EXPECT_EQ(lab.get("/"), "200 ok");
}

TEST(TruncateBody, ResetsWithinTheBody) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "truncate_body", close = "rst" })");
  EXPECT_EQ(lab.get("/"), "200 (reset)");
}

TEST(TruncateBody, CutsAtAShareOfTheAnnouncedLength) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "truncate_body", share = "60%" })");
  EXPECT_EQ(lab.get("/"), "200 hel (closed)");
  lab.reply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
  EXPECT_EQ(lab.get("/"), "200 ok") << "the length of a chunked body is unknown";
  EXPECT_EQ(
      first_problem_of("[[rule]]\nfault = { type = \"truncate_body\", share = \"60%\", after = "
                       "\"1 B\" }",
                       "http"),
      "`after` and `share` exclude each other: both limit how much passes");
}

TEST(TruncateBody, AShareIsOfTheBodyThatTheClientGets) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "replace_body", body = "0123456789" }
[[rule]]
match = { direction = "downstream" }
fault = { type = "truncate_body", share = "50%" })");
  EXPECT_EQ(lab.get("/"), "200 01234 (closed)");
}

TEST(TruncateBody, TruncatesTheBodyOfARequest) {
  HttpLab lab(R"([[rule]]
match = { direction = "upstream" }
fault = { type = "truncate_body", after = "3 B" })");
  EXPECT_EQ(lab.ask("POST", "/", "", "0123456789"), "(closed)");
  EXPECT_THAT(lab.to_server_bytes(), testing::EndsWith("\r\n\r\n012"));
}

}  // namespace
}  // namespace brownout::test
