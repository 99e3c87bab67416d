#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(Refused, AnswersOnlyMatchedClients) {
  DnsLab lab("[[rule]]\nmatch = { client = \"10.2.0.0/16\" }\nfault = { type = \"refused\" }");
  EXPECT_EQ(lab.ask("chat.example.org", {.client = "10.2.0.1"}), "REFUSED");
  EXPECT_NE(lab.ask("chat.example.org", {.client = "10.3.0.1"}), "REFUSED");
}

}  // namespace
}  // namespace brownout::test
