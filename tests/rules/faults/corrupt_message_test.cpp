#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"
#include "tests/support/http_lab.h"
#include "tests/support/websocket_lab.h"

namespace brownout::test {
namespace {

TEST(CorruptMessage, TheFrameStaysRight) {
  WebSocketLab lab("[[rule]]\nfault = { type = \"corrupt_message\", chance = \"100%\" }");
  lab.from_client("hello");
  lab.from_server("hello");
  for (const auto& got : {lab.at_server(), lab.at_client()}) {
    EXPECT_EQ(got.size(), 11U);
    EXPECT_NE(got, "text:hello\n");
    EXPECT_THAT(got, testing::StartsWith("text:"));
  }
}

TEST(CorruptMessage, OfHttpTheBodyAndOfDnsTheAnswer) {
  HttpLab lab(R"([[rule]]
match = { direction = "downstream" }
fault = { type = "corrupt_message", chance = "100%" })");
  const auto got = lab.get("/");
  EXPECT_THAT(got, testing::StartsWith("200 "));
  EXPECT_EQ(got.size(), 9U);
  EXPECT_NE(got, "200 hello");
  DnsLab dns(
      "[[rule]]\nfault = { type = \"corrupt_message\", chance = \"100%\", each = \"chunk\" }");
  EXPECT_EQ(dns.ask("x.example.org"), "NOERROR flipped");
}

}  // namespace
}  // namespace brownout::test
