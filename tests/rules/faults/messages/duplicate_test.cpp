#include <gtest/gtest.h>

#include "tests/support/dns_lab.h"
#include "tests/support/http_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

TEST(Duplicate, TheCopyFollowsTheOriginal) {
  auto world =
      VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"duplicate\", share = \"100%\" }");
  world.at(1ms).send("a").at(2ms).send("b").run();
  EXPECT_EQ(world.log(), "1ms a\n1ms a\n2ms b\n2ms b\n");
}

TEST(Duplicate, DuplicatesTheConfiguredShare) {
  auto world =
      VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"duplicate\", share = \"20%\" }");
  for (int i = 0; i < 10'000; ++i) world.at(i * 1ms).send("x");
  world.run();
  EXPECT_NEAR(static_cast<double>(world.left().size()), 12'000, 130);
}

TEST(Duplicate, EmptyDatagramsAreDuplicatedToo) {
  auto world =
      VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"duplicate\", share = \"100%\" }");
  world.at(0s).send("").run();
  EXPECT_EQ(world.left().size(), 2U);
}

TEST(Duplicate, HttpRequestsAndDnsAnswersArriveTwice) {
  HttpLab lab("[[rule]]\nfault = { type = \"duplicate\", share = \"25%\" }");
  EXPECT_EQ(lab.count(400, "/", "200 hello"), 400);
  EXPECT_NEAR(static_cast<double>(lab.copies().size()), 100, 30);
  DnsLab dns("[[rule]]\nfault = { type = \"duplicate\", share = \"25%\" }");
  EXPECT_NEAR(dns.count(400, "x.example.org", "NOERROR, again"), 100, 30);
}

TEST(Duplicate, ADirectionInWhichNothingCanHappenIsAnError) {
  const auto rule = [](const std::string& direction) {
    return "[[rule]]\nmatch = { direction = \"" + direction +
           "\" }\nfault = { type = \"duplicate\", share = \"1%\" }";
  };
  EXPECT_EQ(first_problem_of(rule("downstream"), "http"),
            "fault \"duplicate\" acts on requests of HTTP, which go upstream");
  EXPECT_EQ(first_problem_of(rule("upstream"), "dns"),
            "fault \"duplicate\" acts on answers of DNS, which go downstream");
  EXPECT_EQ(first_problem_of(rule("upstream"), "http"), "");
  EXPECT_EQ(first_problem_of(rule("downstream"), "dns"), "");
}

}  // namespace
}  // namespace brownout::test
