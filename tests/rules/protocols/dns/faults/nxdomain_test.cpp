#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(Nxdomain, AnswersOnlyQueriesForTheMatchedNames) {
  DnsLab lab(R"([[rule]]
match = { qname = ".other.org" }
fault = { type = "nxdomain" })");
  EXPECT_EQ(lab.ask("other.org"), "NXDOMAIN");
  EXPECT_EQ(lab.ask("a.b.other.org"), "NXDOMAIN");
  EXPECT_EQ(lab.ask("another.org"), "NOERROR");
  EXPECT_EQ(lab.ask("chat.example.org"), "NOERROR 192.0.2.1/60 192.0.2.2/60 198.51.100.1/60");
  EXPECT_EQ(lab.state().matched, 2U);
  EXPECT_EQ(lab.state().injected, 2U);
}

}  // namespace
}  // namespace brownout::test
