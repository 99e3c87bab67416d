#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(Formerr, AnswersOnlyQueriesForTheMatchedTypes) {
  DnsLab lab(
      "[[rule]]\nmatch = { qtype = [\"HTTPS\", \"TYPE65534\"] }\nfault = { type = \"formerr\" }");
  EXPECT_EQ(lab.ask("chat.example.org", {.type = "HTTPS"}), "FORMERR");
  EXPECT_EQ(lab.ask("chat.example.org", {.type = "TYPE65534"}), "FORMERR");
  EXPECT_NE(lab.ask("chat.example.org", {.type = "A"}), "FORMERR");
}

TEST(Formerr, RejectsAnUnknownRecordType) {
  EXPECT_EQ(first_problem_of(
                "[[rule]]\nmatch = { qtype = \"AAA\" }\nfault = { type = \"formerr\" }", "dns"),
            "qtype: unknown record type \"AAA\"");
}

}  // namespace
}  // namespace brownout::test
