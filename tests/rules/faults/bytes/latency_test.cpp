#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(Latency, DelaysEachChunkFromWhenItArrived) {
  VirtualWorld world(R"([[rule]]
fault = { type = "latency", delay = "300ms" })");
  world.at(5ms).send("hello").at(10ms).send("world").at(20ms).send_fin();
  world.run();
  EXPECT_EQ(world.log(), "305ms hello\n310ms world\n310ms <FIN>\n");
  EXPECT_EQ(world.notes(), "delay 300ms 5 bytes #0\ndelay 300ms 5 bytes #1\n");
}

TEST(Latency, DelaysDataWithoutThrottlingIt) {
  VirtualWorld world(R"([[rule]]
fault = { type = "latency", delay = "100ms" })");
  // A rate of 1 Gbit/s is 125 KB each millisecond.
  for (int i = 0; i < 500; ++i) world.at(i * 1ms).send(std::string(125'000, 'x'));
  world.run();
  EXPECT_EQ(world.left().size(), 500U);
  EXPECT_EQ(world.left().back().at, Instant(599ms));
  EXPECT_EQ(world.most_held(), 100U * 125'000U);
  EXPECT_GE(world.chain().allowance(), world.most_held());
}

TEST(Latency, JitterStaysInItsRangeAndNeverReorders) {
  VirtualWorld world(R"([[rule]]
fault = { type = "latency", delay = "100ms", jitter = "40ms" })");
  for (int i = 0; i < 200; ++i) world.at(i * 1s).send("x");
  for (int i = 0; i < 100; ++i) world.at(200s + i * 1us).send(std::to_string(i % 10));
  world.run();
  Duration least = 1h;
  Duration most{};
  for (std::size_t i = 0; i < 200; ++i) {
    const auto delay = world.left()[i].at - Instant(static_cast<int>(i) * 1s);
    least = std::min(least, delay);
    most = std::max(most, delay);
  }
  EXPECT_GE(least, 60ms);
  EXPECT_LE(most, 140ms);
  EXPECT_LT(least, 65ms);
  EXPECT_GT(most, 135ms);
  std::string digits;
  for (int i = 0; i < 100; ++i) digits += std::to_string(i % 10);
  EXPECT_EQ(world.bytes().substr(200), digits);
}

TEST(Latency, AFrequencyLeavesChunksBetweenDelaysAlone) {
  const std::string rule = R"([[rule]]
fault = { type = "latency", delay = "30ms", frequency = "5/s" })";
  VirtualWorld world(rule);
  world.at(0ms).send("a").at(10ms).send("b").at(50ms).send("c").at(199ms).send("d");
  world.at(200ms).send("e").at(399ms).send("f").at(1s).send("g").run();
  // A chunk that is not delayed still waits behind the one ahead.
  EXPECT_EQ(world.log(), "30ms a\n30ms b\n50ms c\n199ms d\n230ms e\n399ms f\n1.03s g\n");
  EXPECT_EQ(world.state().injected.load(), 3U);
  auto datagrams = VirtualWorld::of_datagrams(rule);
  datagrams.at(0ms).send("a").at(10ms).send("b").run();
  EXPECT_EQ(datagrams.log(), "10ms b\n30ms a\n");
  EXPECT_EQ(first_problem_of(R"([[rule]]
fault = { type = "latency", delay = "30ms", frequency = "0/s" })"),
            "frequency: \"0/s\" is out of range");
}

TEST(Latency, ADelayIsNeverNegative) {
  VirtualWorld world(R"([[rule]]
fault = { type = "latency", delay = "1ms", jitter = "100ms" })");
  for (int i = 0; i < 400; ++i) world.at(i * 1s).send("x");
  world.run();
  int at_once = 0;
  for (int i = 0; i < 400; ++i) {
    const auto waited = world.left()[static_cast<std::size_t>(i)].at - Instant(i * 1s);
    EXPECT_LE(waited, 101ms);
    at_once += waited == 0s ? 1 : 0;
  }
  EXPECT_NEAR(at_once, 198, 40);
}

TEST(Latency, RoundTripIsSplitOverBothDirections) {
  const std::string rule = R"([[rule]]
fault = { type = "latency", delay = "100ms", round_trip = true })";
  VirtualWorld up(rule, Direction::kUpstream);
  VirtualWorld down(rule, Direction::kDownstream);
  up.at(0ms).send("ping").run();
  down.at(0ms).send("pong").run();
  EXPECT_EQ(up.log(), "50ms ping\n");
  EXPECT_EQ(down.log(), "50ms pong\n");
}

TEST(Latency, SpikesInTheConfiguredShare) {
  VirtualWorld world(R"([[rule]]
fault = { type = "latency", delay = "10ms", jitter = "10ms", distribution = "spike", spike = "10%" })");
  for (int i = 0; i < 1000; ++i) world.at(i * 1s).send("x");
  world.run();
  int spikes = 0;
  for (std::size_t i = 0; i < 1000; ++i) {
    const auto delay = world.left()[i].at - Instant(static_cast<int>(i) * 1s);
    EXPECT_TRUE(delay == 10ms || delay == 20ms);
    spikes += delay == 20ms ? 1 : 0;
  }
  EXPECT_NEAR(spikes, 100, 30);
}

TEST(Latency, RampGrowsFromNothing) {
  VirtualWorld world(R"([[rule]]
ramp = "10s"
fault = { type = "latency", delay = "100ms" })");
  world.at(0s).send("a").at(5s).send("b").at(20s).send("c").run();
  EXPECT_EQ(world.log(), "0s a\n5.05s b\n20.1s c\n");
}

TEST(Latency, PerChunkDelaysSomeChunksAndKeepsTheOrder) {
  VirtualWorld world(R"([[rule]]
probability = "50%"
per = "chunk"
fault = { type = "latency", delay = "1s" })");
  std::string sent;
  for (int i = 0; i < 200; ++i) {
    const auto text = std::to_string(i) + ",";
    sent += text;
    world.at(i * 10ms).send(text);
  }
  world.run();
  EXPECT_EQ(world.bytes(), sent);
  const auto hit = world.state().injected.load();
  EXPECT_GT(hit, 60U);
  EXPECT_LT(hit, 140U);
  EXPECT_EQ(world.state().sampled.load(), hit);
}

TEST(Latency, ReleasesHeldChunksWhenTheRuleEnds) {
  VirtualWorld world(R"([[rule]]
fault = { type = "latency", delay = "10s" })");
  world.at(1s).send("a").at(2s).send("b").at(3s).reload("").at(4s).send("c").run();
  EXPECT_EQ(world.log(), "3s a\n3s b\n4s c\n");
}

TEST(Latency, JitterLetsDatagramsOvertakeEachOther) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"latency\", delay = \"50ms\", jitter = \"40ms\" }");
  for (int i = 0; i < 500; ++i) world.at(i * 1ms).send(std::to_string(i));
  world.run();
  ASSERT_EQ(world.left().size(), 500U);
  int overtaken = 0;
  int last = -1;
  for (const auto& output : world.left()) {
    const int number = std::stoi(output.what);
    EXPECT_GE(output.at, Instant(number * 1ms + 10ms));
    EXPECT_LE(output.at, Instant(number * 1ms + 90ms));
    overtaken += number < last;
    last = number;
  }
  EXPECT_GT(overtaken, 100);
}

}  // namespace
}  // namespace brownout::test
