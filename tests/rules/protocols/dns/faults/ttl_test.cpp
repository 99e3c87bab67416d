#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(Ttl, SetsTheTtlOfEveryRecord) {
  DnsLab lab("[[rule]]\nfault = { type = \"ttl\", ttl = \"5s\" }");
  EXPECT_EQ(lab.ask("chat.example.org"), "NOERROR 192.0.2.1/5 192.0.2.2/5 198.51.100.1/5");
  EXPECT_EQ(lab.notes(), "set ttl\n");
}

TEST(Ttl, RejectsAFractionOfASecond) {
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"ttl\", ttl = \"1500ms\" }", "dns"),
            "a TTL is whole seconds");
}

}  // namespace
}  // namespace brownout::test
