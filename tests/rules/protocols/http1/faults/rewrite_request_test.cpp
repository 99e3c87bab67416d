#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string first_line_of(const HttpLab& lab) {
  const auto bytes = lab.to_server_bytes();
  return bytes.substr(0, bytes.find("\r\n"));
}

std::string rewritten(const std::string& settings, const std::string& target,
                      const std::string& method = "GET") {
  HttpLab lab("[[rule]]\nfault = { type = \"rewrite_request\", " + settings + " }");
  EXPECT_THAT(lab.ask(method, target), StartsWith("200"));
  return first_line_of(lab);
}

TEST(RewriteRequest, ChangesMethodAndPathAndKeepsTheQuery) {
  EXPECT_EQ(rewritten("method = \"DELETE\", path = \"/v2/x\"", "/v1?a=1"),
            "DELETE /v2/x?a=1 HTTP/1.1");
  EXPECT_EQ(rewritten("query = \"b=2\"", "/v1?a=1"), "GET /v1?b=2 HTTP/1.1");
  EXPECT_EQ(rewritten("remove_parameters = [\"a\"]", "/v1?a=1"), "GET /v1 HTTP/1.1");
}

TEST(RewriteRequest, SetsAndRemovesParameters) {
  EXPECT_EQ(rewritten("set_parameters = { page = 1 }", "/?a=%41&page=7&b&page=8"),
            "GET /?a=%41&page=1&b HTTP/1.1");
  EXPECT_EQ(rewritten("set_parameters = { \"a b\" = \"x&y=z\" }", "/"),
            "GET /?a%20b=x%26y%3Dz HTTP/1.1");
  EXPECT_EQ(rewritten("remove_parameters = [\"token\", \"b c\"]", "/?token=1&a=2&b+c=3&b%20c=4"),
            "GET /?a=2 HTTP/1.1");
}

// Where the response of such a request ends depends on the method.
TEST(RewriteRequest, KeepsTheMethodHead) {
  EXPECT_EQ(rewritten("method = \"GET\", path = \"/b\"", "/a", "HEAD"), "HEAD /b HTTP/1.1");
}

TEST(RewriteRequest, TheBodyArrives) {
  HttpLab lab("[[rule]]\nfault = { type = \"rewrite_request\", method = \"PUT\" }");
  EXPECT_EQ(lab.ask("POST", "/a", "", "body"), "200 hello");
  EXPECT_EQ(first_line_of(lab), "PUT /a HTTP/1.1");
  EXPECT_THAT(lab.to_server_bytes(), testing::EndsWith("\r\n\r\nbody"));
}

TEST(RewriteRequest, RefusesWhatIsNoRequest) {
  const auto problem = [](const std::string& settings) {
    return first_problem_of("[[rule]]\nfault = { type = \"rewrite_request\"" + settings + " }",
                            "http");
  };
  EXPECT_THAT(problem(""), HasSubstr("changes nothing"));
  EXPECT_THAT(problem(", method = \"HEAD\""), HasSubstr("cannot be the new method of a request"));
  EXPECT_THAT(problem(", method = \"A B\""), HasSubstr("cannot be the new method of a request"));
  EXPECT_THAT(problem(", method = \"post\""),
              HasSubstr("servers do not recognise the method \"post\""));
  EXPECT_THAT(problem(", set_parameters = { \"?z\" = 1 }"), HasSubstr("\"?z\" is not the name"));
  EXPECT_THAT(problem(", remove_parameters = [\"a=1\"]"), HasSubstr("\"a=1\" is not the name"));
  EXPECT_THAT(problem(", set_parameters = { \"a&b\" = 1 }"), HasSubstr("\"a&b\" is not the name"));
  EXPECT_THAT(problem(", set_parameters = { a = 1 }, remove_parameters = [\"a\"]"),
              HasSubstr("parameter \"a\" is both set and removed"));
  EXPECT_THAT(problem(", path = \"v2\""), HasSubstr("\"v2\" is not a path"));
  EXPECT_THAT(problem(", path = \"/a b\""), HasSubstr("is not a path"));
  EXPECT_THAT(problem(", path = \"/a\\r\\nHost: b\""), HasSubstr("is not a path"));
  EXPECT_THAT(problem(", query = \"a=1 2\""), HasSubstr("is not a query"));
}

}  // namespace
}  // namespace brownout::test
