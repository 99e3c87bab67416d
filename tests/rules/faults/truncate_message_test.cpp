#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"
#include "tests/support/http_lab.h"
#include "tests/support/websocket_lab.h"

namespace brownout::test {
namespace {

TEST(TruncateMessage, ArrivesAsAShorterMessage) {
  WebSocketLab lab("[[rule]]\nfault = { type = \"truncate_message\", after = \"2 B\" }");
  lab.from_client("hello");
  lab.from_client("hi");
  EXPECT_EQ(lab.at_server(), "text:he\ntext:hi\n");
}

TEST(TruncateMessage, OfHttpTheBodyBreaksOffAndOfDnsTheAnswer) {
  const std::string rule = "[[rule]]\nfault = { type = \"truncate_message\", after = \"2 B\" }";
  EXPECT_THAT(HttpLab(rule).get("/"), testing::StartsWith("200 he (closed)"));
  EXPECT_EQ(DnsLab(rule).ask("x.example.org"), "NOERROR cut to 2");
}

}  // namespace
}  // namespace brownout::test
