// Tests the links that bandwidth models: overhead of packets, varying rates, and recorded traces.
#include "rules/faults/common/link.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/support/properties.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

const Files kTraces{{"link.trace", "0\n4\n4\n9\n"}};

std::string bandwidth(const std::string& keys) {
  return "[[rule]]\nname = \"link\"\nfault = { type = \"bandwidth\", " + keys + " }";
}

VirtualWorld world_of(const std::string& keys, const std::string& protocol = "tcp",
                      std::uint64_t seed = 1) {
  const auto carrier = protocol == "udp" ? rules::Carrier::kDatagram : rules::Carrier::kStream;
  const auto rules = config_with(kTraces, bandwidth(keys), protocol).rules;
  return {rules::RuleSet::activate(rules, seed, Instant{}), flow_of(1, "10.1.2.3", carrier),
          Direction::kUpstream};
}

// Returns the output as times and sizes, such as "10ms 1460\n".
std::string times_and_sizes(const VirtualWorld& world) {
  std::string text;
  for (const auto& output : world.left()) {
    text += rules::to_text(output.at.time_since_epoch()) + " " +
            std::to_string(output.what.size()) + "\n";
  }
  return text;
}

// At 1 MB/s a byte takes a microsecond.
TEST(Link, EachSegmentOfAStreamHasAnOverhead) {
  auto world = world_of("rate = \"1 MB/s\", overhead = \"40 B\"");
  world.at(0ms).send(std::string(2920, 'x'));
  world.at(10ms).send(std::string(1461, 'x')).at(20ms).send(std::string(100, 'x')).run();
  EXPECT_EQ(times_and_sizes(world), "3ms 2920\n11541us 1461\n20.14ms 100\n");
}

TEST(Link, TheOverheadDoesNotDependOnHowAStreamIsCut) {
  auto world = world_of("rate = \"1 MB/s\", overhead = \"40 B\"");
  world.at(0ms).send(std::string(1000, 'x')).at(100us).send(std::string(1920, 'x')).run();
  EXPECT_EQ(times_and_sizes(world), "1.04ms 1000\n3ms 1920\n");
}

TEST(Link, DatagramsHaveAnOverheadAndALeastSize) {
  auto world = world_of("rate = \"1 MB/s\", overhead = \"28 B\", minimum = \"84 B\"", "udp");
  world.at(0ms).send(std::string(10, 'x')).at(0ms).send(std::string(1000, 'x')).run();
  EXPECT_EQ(times_and_sizes(world), "84us 10\n1112us 1000\n");
}

// ATM, as in the manual page of tc-netem: cells of 48 bytes with a header of 5 bytes.
TEST(Link, CellsArePadded) {
  const std::string atm =
      "rate = \"1 MB/s\", overhead = \"8 B\", cell = \"48 B\", cell_overhead = \"5 B\"";
  auto world = world_of(atm, "udp");
  world.at(0ms).send(std::string(40, 'x')).at(10ms).send(std::string(41, 'x')).run();
  EXPECT_EQ(times_and_sizes(world), "53us 40\n10106us 41\n");
}

TEST(Link, AVaryingRateIsDrawnAnewInEachPeriod) {
  const std::string keys =
      "rate = \"1 KB/s\", queue = \"1 MB\", vary = { to = \"3 KB/s\", every = \"1s\" }";
  auto world = world_of(keys, "udp");
  for (int i = 0; i < 2000; ++i) world.at(0s).send(std::string(100, 'x'));
  world.run();
  Instant before{};
  std::set<Duration> spacings;
  double seconds = 0;
  for (const auto& output : world.left()) {
    const auto spacing = output.at - before;
    EXPECT_GE(spacing, 33ms);
    EXPECT_LE(spacing, 100ms);
    // All datagrams that begin in the same period have the same rate.
    const auto next = before.time_since_epoch() / 1s;
    if (before != Instant{} && (before - spacing).time_since_epoch() / 1s == next) {
      spacings.insert(spacing);
    }
    before = output.at;
    seconds = std::chrono::duration<double>(output.at.time_since_epoch()).count();
  }
  EXPECT_GT(spacings.size(), 80U);
  EXPECT_LT(spacings.size(), 120U);
  EXPECT_NEAR(2000 * 100 / seconds, 2000, 200);
  auto again = world_of(keys, "udp");
  auto other = world_of(keys, "udp", 2);
  for (auto* run : {&again, &other}) {
    for (int i = 0; i < 2000; ++i) run->at(0s).send(std::string(100, 'x'));
    run->run();
  }
  EXPECT_EQ(again.log(), world.log());
  EXPECT_NE(other.log(), world.log());
}

TEST(Link, ConnectionsThatShareALinkAgreeOnItsRate) {
  const auto set = rules::RuleSet::activate(
      config_of(bandwidth("rate = \"1 KB/s\", shared = \"rule\", vary = { to = \"9 KB/s\", every = "
                          "\"1h\" }"))
          .rules,
      1, Instant{});
  VirtualWorld a(set, flow_of(1), Direction::kUpstream);
  VirtualWorld b(set, flow_of(2), Direction::kUpstream);
  a.at(0s).send(std::string(10, 'a')).run(0s);
  b.at(0s).send(std::string(10, 'b')).run(0s);
  a.run(1h);
  b.run(1h);
  const auto once = a.left().back().at.time_since_epoch();
  EXPECT_NEAR(static_cast<double>((b.left().back().at - Instant{}).count()),
              2 * static_cast<double>(once.count()), 1000);
}

TEST(Link, ATraceSaysWhenPacketsPass) {
  auto world = world_of("trace = \"link.trace\"");
  world.at(0ms).send(std::string(6000, 'x')).at(20ms).send(std::string(100, 'x')).run();
  EXPECT_EQ(times_and_sizes(world), "0s 1500\n4ms 1500\n4ms 1500\n9ms 1500\n22ms 100\n");
}

TEST(Link, BytesShareAnOpportunityOfATrace) {
  auto world = world_of("trace = \"link.trace\"");
  world.at(1ms).send(std::string(100, 'x')).at(2ms).send(std::string(1400, 'x'));
  world.at(3ms).send(std::string(1501, 'x')).run();
  EXPECT_EQ(times_and_sizes(world), "4ms 100\n4ms 1400\n4ms 1500\n9ms 1\n");
}

TEST(Link, ADatagramMayNeedSeveralOpportunitiesOfATrace) {
  auto world = world_of("trace = \"link.trace\"", "udp");
  for (int i = 0; i < 3; ++i) world.at(0ms).send(std::string(1000, 'x'));
  world.at(100ms).send(std::string(3100, 'x')).run();
  // From 100 ms on: 103 ms twice, 108 ms twice.
  EXPECT_EQ(times_and_sizes(world), "0s 1000\n4ms 1000\n4ms 1000\n108ms 3100\n");
}

TEST(Link, TheOverheadCountsInATraceToo) {
  auto world = world_of("trace = \"link.trace\", overhead = \"40 B\"");
  world.at(0ms).send(std::string(4380, 'x')).run();
  EXPECT_EQ(times_and_sizes(world), "0s 1460\n4ms 1460\n4ms 1460\n");
}

TEST(Link, LosesNothingWhenTheRuleEnds) {
  auto world = world_of("trace = \"link.trace\"");
  world.at(0ms).send(std::string(3001, 'x')).at(2ms).reload("").at(3ms).send("y").run();
  EXPECT_EQ(times_and_sizes(world), "0s 1500\n2ms 1501\n3ms 1\n");
}

TEST(Link, RampsFromUnlimitedToATrace) {
  const auto rules = config_with(kTraces,
                                 "[[rule]]\nramp = \"10s\"\nfault = { type = "
                                 "\"bandwidth\", trace = \"link.trace\" }")
                         .rules;
  VirtualWorld world(rules::RuleSet::activate(rules, 1, Instant{}), flow_of(),
                     Direction::kUpstream);
  // The next opportunity is at 5004 ms, and the rule has half of its strength.
  world.at(5001ms).send("x").run();
  EXPECT_GT(world.left().front().at, Instant(5002ms));
  EXPECT_LT(world.left().front().at, Instant(5003ms));
}

TEST(Link, KeepsBytesUnderAnyChunking) {
  for (const std::string keys :
       {"rate = \"100 KB/s\", overhead = \"40 B\", cell = \"48 B\", cell_overhead = \"5 B\"",
        "rate = \"10 KB/s\", burst = \"500 B\", vary = { to = \"1 MB/s\", every = \"10ms\" }",
        "trace = \"link.trace\"",
        "trace = \"link.trace\", overhead = \"40 B\", shared = \"rule\""}) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      const auto rules = config_with(kTraces, bandwidth(keys)).rules;
      const auto set = rules::RuleSet::activate(rules, seed, Instant{});
      ASSERT_EQ(find_violation(set, {}, seed), "") << keys << ", seed " << seed;
    }
  }
}

TEST(Link, RefusesKeysThatContradictEachOther) {
  const auto problem = [](const std::string& keys) {
    return first_problem_with(kTraces, bandwidth(keys));
  };
  EXPECT_EQ(problem("burst = \"1 KB\""), "bandwidth needs rate or trace");
  EXPECT_EQ(problem("rate = \"1 MB/s\", trace = \"link.trace\""),
            "rate and trace exclude each other");
  EXPECT_EQ(problem("trace = \"gone\""), "trace: gone: No such file or directory");
  EXPECT_EQ(problem("trace = \"link.trace\", burst = \"1 KB\""), "burst has no effect with trace");
  EXPECT_EQ(problem("trace = \"link.trace\", vary = { to = \"1 MB/s\", every = \"1s\" }"),
            "vary has no effect with trace");
  EXPECT_EQ(problem("trace = \"link.trace\", queue = \"50 ms\""),
            "with trace there is no fixed rate, so the length of queue cannot be a time");
  EXPECT_EQ(problem("rate = \"0 bit/s\", vary = { to = \"1 MB/s\", every = \"1s\" }"),
            "vary has no effect at rate 0");
  EXPECT_EQ(problem("rate = \"1 MB/s\", vary = { every = \"1s\" }"), "vary needs \"to\"");
  EXPECT_EQ(problem("rate = \"1 MB/s\", vary = { to = \"1 KB/s\" }"), "vary needs \"every\"");
  EXPECT_EQ(problem("rate = \"1 MB/s\", vary = { to = \"1 KB/s\", every = \"1ms\" }"),
            "every: 1ms is out of range");
  EXPECT_EQ(problem("rate = \"1 MB/s\", vary = \"2 MB/s\""),
            "vary: expected a table, found a string");
  EXPECT_EQ(problem("rate = \"1 MB/s\", cell_overhead = \"5 B\""),
            "cell_overhead has no effect without cell");
  EXPECT_EQ(problem("rate = \"1 MB/s\", overhead = \"64 KiB\""),
            "overhead: 64 KiB is out of range");
  EXPECT_EQ(problem("rate = \"1 MB/s\", queue = \"0 B\""),
            "queue: \"0 B\" is not the length of a queue");
  EXPECT_EQ(problem("rate = \"1 MB/s\", queue = \"0 packets\""),
            "queue: \"0 packets\" is not the length of a queue");
  EXPECT_EQ(problem("rate = \"1 MB/s\", queue = \"many\""),
            "queue: \"many\" is not the length of a queue");
  EXPECT_EQ(problem("rate = \"1 MB/s\", queue = 5"),
            "queue: expected a size, a duration or a number of packets, found a whole number");
}

}  // namespace
}  // namespace brownout::test
