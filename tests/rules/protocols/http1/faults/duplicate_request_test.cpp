#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(DuplicateRequest, SendsTheRequestTwice) {
  HttpLab lab("[[rule]]\nfault = { type = \"duplicate_request\" }");
  EXPECT_EQ(lab.ask("POST", "/pay", "", "10 EUR"), "200 hello");
  ASSERT_EQ(lab.copies().size(), 1U);
  EXPECT_EQ(lab.copies().front(), lab.to_server_bytes());
}

TEST(DuplicateRequest, SendsARequestWithALongBodyOnce) {
  HttpLab lab("[[rule]]\nfault = { type = \"duplicate_request\", limit = \"1 KiB\" }");
  EXPECT_EQ(lab.ask("POST", "/", "", std::string(100'000, 'x')), "200 hello");
  EXPECT_EQ(lab.copies().size(), 0U);
  EXPECT_EQ(lab.reports(), "sent once\n");
}

TEST(DuplicateRequest, CopyIncludesTheEditsOfOtherRules) {
  HttpLab lab(R"([[rule]]
fault = { type = "duplicate_request" }
[[rule]]
match = { direction = "upstream" }
fault = { type = "rewrite_header", set = { x = "1" } })");
  EXPECT_EQ(lab.get("/"), "200 hello");
  EXPECT_EQ(lab.copies().front(), lab.to_server_bytes());
  EXPECT_THAT(lab.copies().front(), testing::HasSubstr("x: 1\r\n"));
}

}  // namespace
}  // namespace brownout::test
