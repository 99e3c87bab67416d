#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(TcpOnly, DropsQueriesOverUdp) {
  DnsLab lab("[[rule]]\nfault = { type = \"tcp_only\" }");
  EXPECT_EQ(lab.ask("chat.example.org"), "(silence)");
  EXPECT_EQ(lab.ask_tcp("chat.example.org"), "NOERROR 192.0.2.1/60 192.0.2.2/60 198.51.100.1/60");
}

}  // namespace
}  // namespace brownout::test
