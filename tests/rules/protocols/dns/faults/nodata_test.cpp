#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(Nodata, AnswersNoerrorWithoutRecordsForTheMatchedType) {
  DnsLab lab("[[rule]]\nmatch = { qtype = \"AAAA\" }\nfault = { type = \"nodata\" }");
  EXPECT_EQ(lab.ask("chat.example.org", {.type = "AAAA"}), "NOERROR");
  EXPECT_EQ(lab.ask("chat.example.org", {.type = "A"}),
            "NOERROR 192.0.2.1/60 192.0.2.2/60 198.51.100.1/60");
}

}  // namespace
}  // namespace brownout::test
