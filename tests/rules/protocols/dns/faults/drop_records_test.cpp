#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(DropRecords, RemovesTheAddressesInThePrefix) {
  DnsLab lab("[[rule]]\nfault = { type = \"drop_records\", prefix = \"192.0.2.0/24\" }");
  EXPECT_EQ(lab.ask("chat.example.org"), "NOERROR 198.51.100.1/60");
}

TEST(DropRecords, RemovesTheSameAddressesForEveryClient) {
  DnsLab lab("[[rule]]\nfault = { type = \"drop_records\", count = 2 }");
  const auto first = lab.ask("chat.example.org");
  EXPECT_EQ(std::count(first.begin(), first.end(), '/'), 1);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(lab.ask("chat.example.org", {.client = "10.0.0." + std::to_string(i)}), first);
  }
}

TEST(DropRecords, AnswersNodataWhenNoAddressIsLeft) {
  DnsLab lab("[[rule]]\nfault = { type = \"drop_records\", count = 9 }");
  EXPECT_EQ(lab.ask("chat.example.org"), "NOERROR");
}

TEST(DropRecords, CountAndPrefixExcludeEachOther) {
  EXPECT_EQ(first_problem_of(
                "[[rule]]\nfault = { type = \"drop_records\", count = 1, prefix = \"10.0.0.0/8\" }",
                "dns"),
            "count and prefix exclude each other");
}

}  // namespace
}  // namespace brownout::test
