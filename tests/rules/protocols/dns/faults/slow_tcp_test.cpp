#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(SlowTcp, DelaysAnswersOverTcp) {
  DnsLab lab("[[rule]]\nfault = { type = \"slow_tcp\", delay = \"3s\" }");
  EXPECT_EQ(lab.ask_tcp("chat.example.org"),
            "+3s NOERROR 192.0.2.1/60 192.0.2.2/60 198.51.100.1/60");
  EXPECT_EQ(lab.ask("chat.example.org"), "NOERROR 192.0.2.1/60 192.0.2.2/60 198.51.100.1/60");
}

TEST(SlowTcp, DelaysOfSeveralRulesAddUp) {
  DnsLab lab(R"([[rule]]
fault = { type = "slow_tcp", delay = "3s" }
[[rule]]
fault = { type = "latency", delay = "200ms" }
[[rule]]
fault = { type = "servfail" })");
  EXPECT_EQ(lab.ask_tcp("chat.example.org"), "+3.2s SERVFAIL");
}

}  // namespace
}  // namespace brownout::test
