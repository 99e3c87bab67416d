#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

// At each instant, at most burst + rate x elapsed time bytes may have left.
void expect_no_faster(const VirtualWorld& world, Instant first, double bytes_per_second,
                      double burst) {
  double sent = 0;
  for (const auto& output : world.left()) {
    if (output.is_event) continue;
    sent += static_cast<double>(output.what.size());
    const double seconds = std::chrono::duration<double>(output.at - first).count();
    ASSERT_LE(sent, burst + bytes_per_second * seconds + 1e-6) << seconds;
  }
}

TEST(Bandwidth, IsExactAtEveryEmission) {
  for (const double rate : {10e3, 200e3, 1e6, 100e6}) {
    VirtualWorld world("[[rule]]\nfault = { type = \"bandwidth\", rate = \"" +
                       std::to_string(static_cast<long>(rate)) + " B/s\" }");
    const auto total = static_cast<std::size_t>(rate);
    for (int i = 0; i < 10; ++i) world.at(i * 1ms).send(std::string(total / 10, 'x'));
    world.run();
    expect_no_faster(world, Instant{}, rate, 0);
    const double took =
        std::chrono::duration<double>(world.left().back().at.time_since_epoch()).count();
    EXPECT_NEAR(took, 1, 0.01) << rate;
    EXPECT_EQ(world.bytes().size(), total);
  }
}

TEST(Bandwidth, HasNoBurstsLongerThanTwentyMilliseconds) {
  VirtualWorld world(R"([[rule]]
fault = { type = "bandwidth", rate = "1 MB/s" })");
  world.at(0s).send(std::string(500'000, 'x')).run();
  for (const auto& output : world.left()) EXPECT_LE(output.what.size(), 20'000U);
}

TEST(Bandwidth, LateBytesDoNotUseEarlierReservations) {
  VirtualWorld world(R"([[rule]]
fault = { type = "bandwidth", rate = "1 KB/s" })");
  world.at(0s).send("x");
  for (int i = 1; i <= 2264; ++i) world.at(i * 1us).send("y");
  world.run();
  expect_no_faster(world, Instant{}, 1000, 0);
  EXPECT_EQ(world.left().back().at, Instant(2265ms));
}

TEST(Bandwidth, AllowsABurstAfterAPause) {
  VirtualWorld world(R"([[rule]]
fault = { type = "bandwidth", rate = "1 KB/s", burst = "500 B" })");
  world.at(0s).send(std::string(1000, 'x')).at(10s).send(std::string(500, 'y')).run();
  EXPECT_EQ(world.left()[0].at, Instant(0s));
  EXPECT_EQ(world.left().back().at, Instant(10s));
  expect_no_faster(world, Instant{}, 1000, 500);
}

TEST(Bandwidth, AllConnectionsOfTheRuleMayShareOneLimit) {
  for (const bool shared : {true, false}) {
    const auto set = rules::RuleSet::activate(
        config_of("[[rule]]\nfault = { type = \"bandwidth\", rate = \"1 KB/s\", shared = \"" +
                  std::string(shared ? "rule" : "connection") + "\" }")
            .rules,
        1, Instant{});
    VirtualWorld a(set, flow_of(1), Direction::kUpstream);
    VirtualWorld b(set, flow_of(2), Direction::kUpstream);
    a.at(0s).send(std::string(10, 'a')).run(0s);
    b.at(0s).send(std::string(10, 'b')).run(0s);
    a.run(1h);
    b.run(1h);
    EXPECT_EQ(a.left().back().at, Instant(10ms));
    EXPECT_EQ(b.left().back().at, shared ? Instant(20ms) : Instant(10ms));
  }
}

TEST(Bandwidth, TheConnectionsOfAClientMayShareOneLimit) {
  const auto set = rules::RuleSet::activate(config_of(R"([[rule]]
fault = { type = "bandwidth", rate = "1 KB/s", shared = "client" })")
                                                .rules,
                                            1, Instant{});
  VirtualWorld a(set, flow_of(1, "10.0.0.1"), Direction::kUpstream);
  VirtualWorld same(set, flow_of(2, "10.0.0.1"), Direction::kUpstream);
  VirtualWorld other(set, flow_of(3, "10.0.0.2"), Direction::kUpstream);
  for (auto* world : {&a, &same, &other}) world->at(0s).send(std::string(10, 'a')).run(0s);
  for (auto* world : {&a, &same, &other}) world->run(1h);
  EXPECT_EQ(a.left().back().at, Instant(10ms));
  EXPECT_EQ(same.left().back().at, Instant(20ms));
  EXPECT_EQ(other.left().back().at, Instant(10ms));
}

TEST(Bandwidth, AClientBeyondTheTableHasALimitForEachConnection) {
  const auto set = rules::RuleSet::activate(config_of(R"([[rule]]
fault = { type = "bandwidth", rate = "1 KB/s", shared = "client" })")
                                                .rules,
                                            1, Instant{});
  for (std::uint64_t i = 0; i < 65'536; ++i) {
    const auto client = "10.1." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    VirtualWorld(set, flow_of(i, client), Direction::kUpstream);
  }
  for (const auto* client : {"10.2.0.1", "10.2.0.2", "10.2.0.1"}) {
    VirtualWorld world(set, flow_of(1, client), Direction::kUpstream);
    world.at(0s).send(std::string(10, 'a')).run();
    EXPECT_EQ(world.left().back().at, Instant(10ms));
  }
}

TEST(Bandwidth, RateZeroHoldsEverythingUntilTheRuleEnds) {
  VirtualWorld world(R"([[rule]]
fault = { type = "bandwidth", rate = "0 bit/s" })");
  world.at(1s).send("a").at(1s).send_fin().at(5h).reload("").run();
  EXPECT_EQ(world.log(), "5h a\n5h <FIN>\n");
}

TEST(Bandwidth, TheEndOfTheStreamFollowsTheBytes) {
  VirtualWorld world(R"([[rule]]
fault = { type = "bandwidth", rate = "1 KB/s" })");
  world.at(0s).send("0123456789").at(1ms).send_fin().run();
  EXPECT_EQ(world.log(), "10ms 0123456789\n10ms <FIN>\n");
}

// Each datagram of 1000 B takes 100 ms at 10 KB/s.
TEST(Bandwidth, DatagramsLeaveWhenTheirLastBitIsTransmitted) {
  auto world =
      VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"bandwidth\", rate = \"10 KB/s\" }");
  for (int i = 0; i < 3; ++i) world.at(0s).send(std::string(1000, static_cast<char>('a' + i)));
  world.run();
  ASSERT_EQ(world.left().size(), 3U);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(world.left()[static_cast<std::size_t>(i)].at, Instant((i + 1) * 100ms));
}

TEST(Bandwidth, DatagramsThatFindTheQueueFullAreDropped) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"bandwidth\", rate = \"10 KB/s\", queue = \"2500 B\" }");
  for (int i = 0; i < 5; ++i) world.at(0s).send(std::string(1000, 'x'));
  world.at(150ms).send(std::string(1000, 'y')).run();
  EXPECT_EQ(world.left().size(), 3U);
  EXPECT_EQ(world.left().back().at, Instant(300ms));
  EXPECT_EQ(world.left().back().what.front(), 'y');
}

// The datagram that is being transmitted counts, too.
TEST(Bandwidth, AQueueMayBeATimeOrANumberOfDatagrams) {
  for (const auto& [queue, passes] : {std::pair{"250 ms", 2U}, std::pair{"300 ms", 3U},
                                      std::pair{"3 packets", 3U}, std::pair{"1 packet", 1U}}) {
    auto world = VirtualWorld::of_datagrams(
        "[[rule]]\nfault = { type = \"bandwidth\", rate = \"10 KB/s\", queue = \"" +
        std::string(queue) + "\" }");
    for (int i = 0; i < 5; ++i) world.at(0s).send(std::string(1000, 'x'));
    world.run();
    EXPECT_EQ(world.left().size(), passes) << queue;
  }
}

}  // namespace
}  // namespace brownout::test
