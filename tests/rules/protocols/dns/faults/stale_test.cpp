#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(Stale, RepeatsTheFirstAnswer) {
  DnsLab lab("[[rule]]\nfault = { type = \"stale\" }");
  const auto first = lab.ask("chat.example.org");
  lab.set_zone(
      {rules::address_record("chat.example.org", *rules::IpAddress::parse("203.0.113.1"), 60)});
  EXPECT_EQ(lab.ask("chat.example.org"), first);
  EXPECT_EQ(lab.state().injected, 1U);
}

TEST(Stale, KeepsOneAnswerPerNameAndType) {
  DnsLab lab("[[rule]]\nfault = { type = \"stale\" }");
  lab.ask("chat.example.org");
  lab.set_zone(
      {rules::address_record("chat.example.org", *rules::IpAddress::parse("2001:db8::2"), 60)});
  EXPECT_EQ(lab.ask("chat.example.org", {.type = "AAAA"}), "NOERROR 2001:db8::2/60");
}

TEST(Stale, KeepsTheFirstAnswerAfterTheRuleStarts) {
  DnsLab lab("[[rule]]\nstart = \"10s\"\nfault = { type = \"stale\" }");
  lab.ask("chat.example.org");
  lab.set_zone(
      {rules::address_record("chat.example.org", *rules::IpAddress::parse("203.0.113.1"), 60)});
  EXPECT_EQ(lab.ask("chat.example.org", {.at = 11s}), "NOERROR 203.0.113.1/60");
}

TEST(Stale, DoesNotKeepAFailure) {
  DnsLab lab(R"([[rule]]
match = { first = 1 }
fault = { type = "servfail" }
[[rule]]
fault = { type = "stale" })");
  EXPECT_EQ(lab.ask("chat.example.org"), "SERVFAIL");
  EXPECT_EQ(lab.ask("chat.example.org"), "NOERROR 192.0.2.1/60 192.0.2.2/60 198.51.100.1/60");
}

}  // namespace
}  // namespace brownout::test
