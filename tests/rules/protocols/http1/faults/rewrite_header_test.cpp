#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(RewriteHeader, SetsRemovesAndAppendsInBothDirections) {
  HttpLab lab(R"([[rule]]
fault = { type = "rewrite_header", set = { content-type = "x/y" }, remove = ["HOST"], append = { via = "b" } })");
  EXPECT_EQ(lab.ask("GET", "/", "Via: a\r\nX-Keep:  as it is \r\n"), "200 hello");
  EXPECT_EQ(
      lab.to_server_bytes(),
      "GET / HTTP/1.1\r\nVia: a\r\nX-Keep:  as it is \r\ncontent-type: x/y\r\nvia: b\r\n\r\n");
  EXPECT_THAT(lab.to_client_bytes(),
              testing::StartsWith(
                  "HTTP/1.1 200 OK\r\ncontent-type: x/y\r\nContent-Length: 5\r\nvia: b\r\n\r\n"));
}

TEST(RewriteHeader, ActsInOneDirection) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "rewrite_header", set = { x = "1" } })");
  EXPECT_EQ(lab.get("/"), "200 hello");
  EXPECT_THAT(lab.to_server_bytes(), testing::Not(testing::HasSubstr("x: 1")));
  EXPECT_THAT(lab.to_client_bytes(), testing::HasSubstr("x: 1\r\n"));
}

TEST(RewriteHeader, RejectsFramingHeaders) {
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"rewrite_header\", set = { "
                             "Content-Length = 5 } }",
                             "http"),
            "rewrite_header cannot change Content-Length");
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"rewrite_header\" }", "http"),
            "fault \"rewrite_header\" needs \"set\", \"remove\" or \"append\"");
  EXPECT_EQ(
      first_problem_of("[[rule]]\nfault = { type = \"rewrite_header\", set = { a = "
                       "\"b\\r\\nc: d\" } }",
                       "http"),
      "set: header \"a\": the value contains a line break or NUL, which no header may contain");
}

}  // namespace
}  // namespace brownout::test
