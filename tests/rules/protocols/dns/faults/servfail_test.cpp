#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"

namespace brownout::test {
namespace {

TEST(Servfail, HitsTheConfiguredShareOfQueries) {
  DnsLab lab("[[rule]]\nprobability = \"30%\"\nfault = { type = \"servfail\" }");
  EXPECT_NEAR(lab.count(5000, "chat.example.org", "SERVFAIL"), 1500, 130);
  EXPECT_EQ(lab.state().matched, 5000U);
}

TEST(Servfail, TheSameSeedHitsTheSameQueries) {
  const std::string rule = "[[rule]]\nprobability = \"50%\"\nfault = { type = \"servfail\" }";
  DnsLab first(rule);
  DnsLab same(rule);
  DnsLab other(rule, 2);
  std::string answers[3];
  for (int i = 0; i < 64; ++i) {
    answers[0] += first.ask("chat.example.org")[0];
    answers[1] += same.ask("chat.example.org")[0];
    answers[2] += other.ask("chat.example.org")[0];
  }
  EXPECT_EQ(answers[0], answers[1]);
  EXPECT_NE(answers[0], answers[2]);
}

TEST(Servfail, PerClientHitsAllQueriesOfAClientOrNone) {
  DnsLab lab("[[rule]]\nprobability = \"50%\"\nper = \"client\"\nfault = { type = \"servfail\" }");
  int clients_hit = 0;
  for (int client = 0; client < 100; ++client) {
    int hits = 0;
    for (int i = 0; i < 5; ++i) {
      hits +=
          lab.ask("chat.example.org", {.client = "10.0.0." + std::to_string(client)}) == "SERVFAIL";
    }
    EXPECT_TRUE(hits == 0 || hits == 5);
    clients_hit += hits == 5;
  }
  EXPECT_NEAR(clients_hit, 50, 20);
}

TEST(Servfail, FirstLimitsTheFaultToTheFirstQueries) {
  DnsLab lab("[[rule]]\nmatch = { first = 2 }\nfault = { type = \"servfail\" }");
  EXPECT_EQ(lab.count(10, "chat.example.org", "SERVFAIL"), 2);
}

TEST(Servfail, ActsOnlyWithinItsSchedule) {
  DnsLab lab("[[rule]]\nstart = \"10s\"\nduration = \"5s\"\nfault = { type = \"servfail\" }");
  EXPECT_NE(lab.ask("chat.example.org", {.at = 9s}), "SERVFAIL");
  EXPECT_EQ(lab.ask("chat.example.org", {.at = 10s}), "SERVFAIL");
  EXPECT_NE(lab.ask("chat.example.org", {.at = 15s}), "SERVFAIL");
}

TEST(Servfail, IsRejectedForATcpListener) {
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"servfail\" }"),
            "fault \"servfail\" does not act on listener \"chat\", which is tcp");
}

}  // namespace
}  // namespace brownout::test
