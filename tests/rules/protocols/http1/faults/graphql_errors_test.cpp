#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;

std::string answered(const std::string& settings, const std::string& body) {
  HttpLab lab("[[rule]]\nfault = { type = \"graphql_errors\"" + settings + " }");
  lab.reply =
      "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  const auto got = lab.get("/graphql");
  return got + (lab.reports().empty() ? "" : " (" + lab.reports() + ")");
}

TEST(GraphqlErrors, AddsAnErrorBesideTheData) {
  EXPECT_EQ(answered("", R"({"data":{"user":{"id":1}}})"),
            R"(200 {"data":{"user":{"id":1}},"errors":[{"message":"injected error"}]})");
  EXPECT_EQ(answered(R"(, message = "no", code = "INTERNAL", path = ["user", "friends", 0])",
                     R"({"data":{"user":null}})"),
            R"(200 {"data":{"user":null},"errors":[{"message":"no","path":["user","friends",0],)"
            R"("extensions":{"code":"INTERNAL"}}]})");
}

TEST(GraphqlErrors, NullsTheDataOrTheFieldAtThePath) {
  EXPECT_EQ(answered(", data = \"null\"", R"({"data":{"a":1}})"),
            R"(200 {"data":null,"errors":[{"message":"injected error"}]})");
  EXPECT_EQ(answered(R"(, data = "null", path = ["list", 1])", R"({"data":{"list":[1,2],"b":3}})"),
            R"(200 {"data":{"list":[1,null],"b":3},)"
            R"("errors":[{"message":"injected error","path":["list",1]}]})");
  EXPECT_EQ(answered(R"(, data = "null", path = ["no", "such"])", R"({"data":{"a":1}})"),
            R"(200 {"data":null,)"
            R"("errors":[{"message":"injected error","path":["no","such"]}]})");
}

TEST(GraphqlErrors, KeepsTheServersErrors) {
  EXPECT_EQ(answered("", R"({"errors":[{"message":"own"}],"data":null})"),
            R"(200 {"errors":[{"message":"own"},{"message":"injected error"}],"data":null})");
}

TEST(GraphqlErrors, PassesOtherResponses) {
  EXPECT_EQ(answered("", "hello"), "200 hello (body unchanged\n)");
  EXPECT_EQ(answered("", R"([{"data":1}])"), "200 [{\"data\":1}] (body unchanged\n)");
  EXPECT_EQ(answered("", R"({"id":1})"), "200 {\"id\":1} (body unchanged\n)");
}

TEST(GraphqlErrors, RefusesAPathThatIsNone) {
  const auto problem = [](const std::string& settings) {
    return first_problem_of("[[rule]]\nfault = { type = \"graphql_errors\"" + settings + " }",
                            "http");
  };
  EXPECT_THAT(problem(", path = \"user\""), HasSubstr("expected a list of names and indexes"));
  EXPECT_THAT(problem(", path = []"), HasSubstr("expected a list of names and indexes"));
  EXPECT_THAT(problem(", path = [-1]"), HasSubstr("expected a list of names and indexes"));
  EXPECT_THAT(problem(", data = \"none\""), HasSubstr("unknown value"));
}

}  // namespace
}  // namespace brownout::test
