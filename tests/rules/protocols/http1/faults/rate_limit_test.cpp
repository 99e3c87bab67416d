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

}  // namespace
}  // namespace brownout::test
