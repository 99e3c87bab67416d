#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "rules/engine/plan.h"
#include "tests/support/dns_lab.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Admission;
using rules::Instant;
using rules::RuleSet;

std::string rule(const std::string& keys) {
  return "[[rule]]\nfault = { type = \"overload\", " + keys + " }";
}

TEST(Overload, MessagesAreServedInSequence) {
  VirtualWorld world(rule("unit = \"message\", capacity = \"10/s\", distribution = \"constant\""));
  world.at(0s).send("a").send("b").at(50ms).send("c").at(1s).send("d").run();
  EXPECT_EQ(world.log(), "100ms a\n200ms b\n300ms c\n1.1s d\n");
}

TEST(Overload, ConcurrencyServesSeveralRequestsAtATime) {
  VirtualWorld world(
      rule("unit = \"message\", service_time = \"100ms\", concurrency = 2, distribution = "
           "\"constant\""));
  world.at(0s).send("a").send("b").send("c").run();
  EXPECT_EQ(world.log(), "100ms a\n100ms b\n200ms c\n");
}

std::string overflowing(const std::string& overflow) {
  VirtualWorld world(
      rule("unit = \"message\", capacity = \"10/s\", distribution = \"constant\", queue = 1, "
           "overflow = \"" +
           overflow + "\""));
  world.at(0s).send("a").send("b").send("c").run();
  return world.log();
}

TEST(Overload, ARequestThatFindsTheQueueFullGetsTheOverflow) {
  EXPECT_EQ(overflowing("reset"), "0s <RST>\n");
  EXPECT_EQ(overflowing("503"), "0s <ANSWER> HTTP/1.1 503 Service Unavailable\n");
  EXPECT_EQ(overflowing("hang"), "100ms a\n200ms b\n");
  EXPECT_EQ(overflowing("slow"), "100ms a\n200ms b\n300ms c\n");
}

TEST(Overload, ADatagramThatFindsTheQueueFullIsLost) {
  auto world = VirtualWorld::of_datagrams(
      rule("unit = \"message\", capacity = \"10/s\", distribution = \"constant\", queue = 1"));
  world.at(0s).send("a").send("b").send("c").at(150ms).send("d").run();
  EXPECT_EQ(world.log(), "100ms a\n200ms b\n300ms d\n");
}

struct Arrivals {
  std::shared_ptr<const RuleSet> set;
  std::uint64_t ordinal = 0;

  explicit Arrivals(const std::string& rules)
      : set(RuleSet::activate(config_of(rules).rules, 1, Instant{})) {}
  Admission arrive(Duration at, const std::string& client = "10.1.2.3") {
    auto facts = flow_of(++ordinal, client);
    facts.opened = Instant(at);
    return rules::plan_arrival(*set, facts).admission;
  }
};

// In an M/M/1 queue the mean time in the system is 1 / (capacity - arrival rate).
TEST(Overload, LatencyFollowsTheMm1Formula) {
  for (const double load : {0.5, 0.8, 0.9}) {
    Arrivals arrivals(rule("capacity = \"100/s\", queue = 100000"));
    const rules::Dice dice(11, 1, 1);
    Duration at{};
    double total = 0;
    constexpr int kCount = 1'000'000;
    for (std::uint64_t i = 0; i < kCount; ++i) {
      at += Duration(std::llround(-std::log1p(-dice.unit(i)) * 1e9 / (100 * load)));
      total += std::chrono::duration<double>(arrivals.arrive(at).connect_delay).count();
    }
    const double expected = 1 / (100 - 100 * load);
    EXPECT_NEAR(total / kCount, expected, expected * 0.02) << load;
  }
}

int turned_away(Arrivals& arrivals, Duration from, int count) {
  int refused = 0;
  for (int i = 0; i < count; ++i) refused += !arrivals.arrive(from + i * 500ms).serves();
  return refused;
}

// The load is three times the capacity, so two thirds of all requests are rejected. Most requests
// are simulated. Two thirds of the real ones must be rejected, too.
TEST(Overload, ASurgeOfPhantomLoadRejectsRealRequests) {
  Arrivals arrivals(
      rule("capacity = \"100/s\", queue = 20, surge = \"3x\", surge_start = \"1000s\", "
           "surge_duration = \"1000s\""));
  EXPECT_EQ(turned_away(arrivals, 0s, 1000), 0);
  EXPECT_NEAR(turned_away(arrivals, 1010s, 1900), 1900 * 2 / 3, 80);
  EXPECT_EQ(turned_away(arrivals, 2010s, 1000), 0);
}

TEST(Overload, ARampIncreasesThePhantomLoad) {
  Arrivals arrivals(
      "[[rule]]\nramp = \"1000s\"\nfault = { type = \"overload\", capacity = \"100/s\", queue = 5, "
      "load = \"4x\" }");
  const int early = turned_away(arrivals, 100s, 100);
  const int late = turned_away(arrivals, 900s, 100);
  EXPECT_LT(early, 10);
  EXPECT_GT(late, 50);
}

TEST(Overload, ARampNeedsPhantomLoad) {
  const auto problem = [](const std::string& more) {
    return first_problem_of(
        "[[rule]]\nramp = \"10s\"\nfault = { type = \"overload\", capacity = \"1/s\"" + more +
        " }");
  };
  EXPECT_THAT(problem(""), testing::HasSubstr("no setting that `ramp` could increase"));
  EXPECT_EQ(problem(", surge = \"3x\""), "");
}

TEST(Overload, SharedSelectsAQueuePerClientOrOneForAll) {
  Arrivals each(rule("capacity = \"1/s\", queue = 0, shared = \"client\""));
  EXPECT_TRUE(each.arrive(0s, "10.0.0.1").serves());
  EXPECT_FALSE(each.arrive(0s, "10.0.0.1").serves());
  EXPECT_TRUE(each.arrive(0s, "10.0.0.2").serves());
  Arrivals all(rule("capacity = \"1/s\", queue = 0"));
  EXPECT_TRUE(all.arrive(0s, "10.0.0.1").serves());
  EXPECT_FALSE(all.arrive(0s, "10.0.0.2").serves());
}

TEST(Overload, MatchLimitsTheOverloadToOneRegion) {
  Arrivals arrivals(
      "[[rule]]\nmatch = { client = \"10.2.0.0/16\" }\nfault = { type = \"overload\", capacity = "
      "\"1/s\", queue = 0, overflow = \"hang\" }");
  arrivals.arrive(0s, "10.2.0.1");
  EXPECT_EQ(arrivals.arrive(0s, "10.2.0.2").verdict, Admission::Verdict::kHang);
  EXPECT_TRUE(arrivals.arrive(0s, "10.1.0.1").serves());
}

// One server of a group is overloaded while another still accepts connections.
TEST(Overload, EachServerHasItsOwnQueue) {
  const auto set = RuleSet::activate(
      config_of(rule("capacity = \"1/s\", queue = 0, shared = \"server\"")).rules, 1, Instant{});
  const auto dial = [&](const std::string& server) {
    auto facts = flow_of();
    facts.destination = rules::IpAddress::parse(server);
    return rules::plan_dial(*set, facts, Instant{}).admission.serves();
  };
  EXPECT_TRUE(rules::plan_arrival(*set, flow_of()).admission.serves());
  EXPECT_TRUE(dial("192.0.2.1"));
  EXPECT_FALSE(dial("192.0.2.1"));
  EXPECT_TRUE(dial("192.0.2.2"));
}

TEST(Overload, DnsQueriesQueue) {
  DnsLab lab(
      rule("capacity = \"10/s\", distribution = \"constant\", queue = 1, overflow = \"503\""));
  EXPECT_EQ(lab.ask("nothing.org"), "+100ms NOERROR");
  EXPECT_EQ(lab.ask("nothing.org"), "+200ms NOERROR");
  EXPECT_EQ(lab.ask("nothing.org"), "SERVFAIL");
  DnsLab silent(rule("capacity = \"10/s\", queue = 0, overflow = \"hang\""));
  silent.ask("nothing.org");
  EXPECT_EQ(silent.ask("nothing.org"), "(silence)");
}

TEST(Overload, TheStatusCountsServedAndRejectedRequests) {
  Arrivals arrivals(rule("capacity = \"100/s\", queue = 5, load = \"2x\", retries = 3"));
  turned_away(arrivals, 1s, 100);
  const auto status = arrivals.set->rules()[0]->state->shared->status();
  EXPECT_NE(status.find(" turned away; phantom load: "), std::string::npos) << status;
  EXPECT_NE(status.find(" of them retries, "), std::string::npos) << status;
}

TEST(Overload, RejectsContradictorySettings) {
  EXPECT_EQ(first_problem_of(rule("queue = 1")),
            "fault \"overload\" needs \"capacity\" or \"service_time\", and not both");
  EXPECT_EQ(first_problem_of(rule("capacity = \"10\"")), "capacity: \"10\" is not a frequency");
  EXPECT_EQ(first_problem_of(rule("capacity = \"0/s\"")), "capacity: \"0/s\" is out of range");
  EXPECT_EQ(first_problem_of(rule("capacity = \"1/s\", surge = \"3\"")),
            "surge: \"3\" is not a multiple");
  EXPECT_EQ(
      first_problem_of(rule("capacity = \"1/s\", retries = 3")),
      "retries describes the simulated requests of \"load\" and \"surge\", and neither is set");
  EXPECT_EQ(first_problem_of(rule("capacity = \"1/s\", surge_start = \"3s\"")),
            "surge_start has no effect without \"surge\"");
}

}  // namespace
}  // namespace brownout::test
