#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(WrongAnswer, AnswersWithTheAddressesOfTheQueriedFamily) {
  DnsLab lab(R"([[rule]]
fault = { type = "wrong_answer", addresses = ["203.0.113.7", "203.0.113.8", "2001:db8::bad"], ttl = "5s" })");
  EXPECT_EQ(lab.ask("chat.example.org"), "NOERROR 203.0.113.7/5 203.0.113.8/5");
  EXPECT_EQ(lab.ask("chat.example.org", {.type = "AAAA"}), "NOERROR 2001:db8::bad/5");
}

TEST(WrongAnswer, AnswersNodataForAFamilyWithoutAddresses) {
  DnsLab lab("[[rule]]\nfault = { type = \"wrong_answer\", addresses = \"203.0.113.7\" }");
  EXPECT_EQ(lab.ask("chat.example.org", {.type = "AAAA"}), "NOERROR");
}

TEST(WrongAnswer, RandomAddressesStayInThePrefix) {
  DnsLab lab(
      "[[rule]]\nfault = { type = \"wrong_answer\", prefix = \"198.51.100.0/24\", count = 3 }");
  std::set<std::string> seen;
  for (int i = 0; i < 50; ++i) {
    const auto answer = lab.ask("chat.example.org");
    EXPECT_EQ(answer.find("NOERROR 198.51.100."), 0U) << answer;
    EXPECT_EQ(std::count(answer.begin(), answer.end(), '/'), 3) << answer;
    seen.insert(answer);
  }
  EXPECT_GT(seen.size(), 45U);
}

TEST(WrongAnswer, IgnoresQueriesForOtherTypes) {
  DnsLab lab("[[rule]]\nfault = { type = \"wrong_answer\", prefix = \"198.51.100.0/24\" }");
  EXPECT_EQ(lab.ask("chat.example.org", {.type = "TXT"}), "NOERROR");
  EXPECT_EQ(lab.state().injected, 0U);
}

TEST(WrongAnswer, NeedsOneOfAddressesPrefixAndName) {
  const std::string wanted =
      "fault \"wrong_answer\" needs exactly one of \"addresses\", \"prefix\" and \"name\"";
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"wrong_answer\" }", "dns"), wanted);
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"wrong_answer\", name = \"a.test\", "
                             "addresses = [\"192.0.2.1\"] }",
                             "dns"),
            wanted);
}

TEST(WrongAnswer, RefusesTextThatIsNoName) {
  for (const auto& name :
       {std::string("."), std::string("a..b"), std::string("a b"), std::string(64, 'a')}) {
    EXPECT_EQ(first_problem_of(
                  "[[rule]]\nfault = { type = \"wrong_answer\", name = \"" + name + "\" }", "dns"),
              "\"" + name + "\" is not a DNS name");
  }
}

}  // namespace
}  // namespace brownout::test
