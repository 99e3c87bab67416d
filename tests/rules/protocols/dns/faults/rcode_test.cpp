#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(Rcode, AcceptsANameOrANumber) {
  EXPECT_EQ(DnsLab("[[rule]]\nfault = { type = \"rcode\", code = \"YXDOMAIN\" }").ask("a.org"),
            "YXDOMAIN");
  EXPECT_EQ(DnsLab("[[rule]]\nfault = { type = \"rcode\", code = \"9\" }").ask("a.org"), "NOTAUTH");
  EXPECT_EQ(DnsLab("[[rule]]\nfault = { type = \"rcode\", code = \"3000\" }").ask("a.org"), "3000");
}

TEST(Rcode, TheFirstRuleThatAnswersDecides) {
  DnsLab lab(R"([[rule]]
fault = { type = "rcode", code = "YXDOMAIN" }
[[rule]]
fault = { type = "servfail" })");
  EXPECT_EQ(lab.ask("a.org"), "YXDOMAIN");
  EXPECT_EQ(lab.state(1).injected, 0U);
}

TEST(Rcode, RejectsAnUnknownCode) {
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"rcode\", code = \"SERVFAL\" }", "dns"),
            "code: unknown response code \"SERVFAL\"");
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"rcode\", code = \"4096\" }", "dns"),
            "code: unknown response code \"4096\"");
}

}  // namespace
}  // namespace brownout::test
