#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/http_lab.h"

namespace brownout::test {
namespace {

TEST(CorruptBody, FlipsBitsOfTheBodyOnly) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "corrupt_body", chance = "100%" })");
  lab.reply =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
  const auto got = lab.get("/");
  EXPECT_EQ(got.size(), 9U);
  EXPECT_NE(got, "200 hello");
  EXPECT_THAT(lab.to_client_bytes(), testing::HasSubstr("A: b\r\n\r\n5\r\n"));
  EXPECT_EQ(lab.get("/").size(), 9U);
}

TEST(CorruptBody, TheSameSeedFlipsTheSameBits) {
  const std::string rule = R"([[rule]]
fault = { type = "corrupt_body", chance = "20%" })";
  HttpLab first(rule);
  HttpLab same(rule);
  HttpLab other(rule, 2);
  std::string answers[3];
  for (int i = 0; i < 10; ++i) {
    answers[0] += first.get("/");
    answers[1] += same.get("/");
    answers[2] += other.get("/");
  }
  EXPECT_EQ(answers[0], answers[1]);
  EXPECT_NE(answers[0], answers[2]);
}

}  // namespace
}  // namespace brownout::test
