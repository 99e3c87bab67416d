#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(Redirect, KeepsPathAndQuery) {
  HttpLab lab("[[rule]]\nfault = { type = \"redirect\", location = \"https://b.example/\" }");
  EXPECT_EQ(lab.get("/login?next=1"), "302");
  EXPECT_THAT(lab.to_client_bytes(),
              testing::HasSubstr("location: https://b.example/login?next=1\r\n"));
  EXPECT_EQ(lab.to_server_bytes(), "");
}

TEST(Redirect, KeepPathFalseRedirectsToTheLocationOnly) {
  HttpLab lab(R"([[rule]]
fault = { type = "redirect", location = "/maintenance", status = 307, keep_path = false })");
  EXPECT_EQ(lab.get("/login"), "307");
  EXPECT_THAT(lab.to_client_bytes(), testing::HasSubstr("location: /maintenance\r\n"));
}

TEST(Redirect, RejectsAStatusThatNoClientFollows) {
  EXPECT_EQ(
      first_problem_of("[[rule]]\nfault = { type = \"redirect\", location = \"/\", status = 305 }",
                       "http"),
      "clients do not follow a redirection with this status");
}

}  // namespace
}  // namespace brownout::test
