#include <gtest/gtest.h>

#include <map>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(Loss, StallsByDoublingRetransmissionTimeouts) {
  VirtualWorld world(R"([[rule]]
fault = { type = "loss", loss = "30%" })");
  for (int i = 0; i < 2000; ++i) world.at(i * 36s).send("x");
  world.run(std::chrono::hours(100));
  std::map<Duration, int> stalls;
  for (std::size_t i = 0; i < 2000; ++i)
    ++stalls[world.left()[i].at - Instant(static_cast<int>(i) * 36s)];
  EXPECT_NEAR(stalls[0s], 1400, 80);
  EXPECT_NEAR(stalls[200ms], 420, 60);
  EXPECT_NEAR(stalls[600ms], 126, 40);
  EXPECT_NEAR(stalls[1400ms], 38, 25);
  for (const auto& [stall, count] : stalls) {
    // Retransmission time-outs double from 200 ms up to 120 s, so n of them take 200 ms x (2^n -
    // 1).
    const auto n = stall / 200ms + 1;
    EXPECT_EQ(n & (n - 1), 0) << rules::to_text(stall);
  }
}

TEST(Loss, DataBehindALostSegmentWaits) {
  VirtualWorld world(R"([[rule]]
fault = { type = "loss", loss = "50%", segment = "10 B" })");
  std::string sent;
  for (int i = 0; i < 100; ++i) sent += std::to_string(i % 10);
  world.at(0s).send(sent).at(1ms).send_fin().run();
  EXPECT_EQ(world.bytes(), sent);
  EXPECT_EQ(world.left().back().what, "<FIN>");
  for (std::size_t i = 1; i < world.left().size(); ++i)
    EXPECT_LE(world.left()[i - 1].at, world.left()[i].at);
}

TEST(Loss, GivesUpAfterFifteenLossesAsLinuxDoes) {
  VirtualWorld world(R"([[rule]]
fault = { type = "loss", loss = "100%" })");
  world.at(0s).send("x").run();
  ASSERT_EQ(world.left().size(), 1U);
  EXPECT_EQ(world.left()[0].what, "<RST>");
  // Ten time-outs of 0.2 s, 0.4 s, ..., 102.4 s precede five of 120 s.
  EXPECT_EQ(world.left()[0].at, Instant(804600ms));
}

TEST(Loss, GilbertElliottLosesInBursts) {
  VirtualWorld world(R"([[rule]]
fault = { type = "loss", p = "1%", r = "20%" })");
  for (int i = 0; i < 5000; ++i) world.at(i * 36s).send("x");
  world.run(std::chrono::hours(100));
  const double share = static_cast<double>(world.state().injected.load()) / 5000;
  EXPECT_NEAR(share, 0.01 / 0.21, 0.015);
}

TEST(Loss, RampScalesTheChance) {
  VirtualWorld world(R"([[rule]]
ramp = "1h"
fault = { type = "loss", loss = "50%" })");
  for (int i = 0; i < 1000; ++i) world.at(i * 1ms).send("x");
  world.run();
  EXPECT_LT(world.state().injected.load(), 10U);
}

TEST(Loss, DatagramsAreLostInTheConfiguredShare) {
  auto world = VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"loss\", loss = \"5%\" }");
  for (int i = 0; i < 20'000; ++i) world.at(i * 1ms).send("x");
  world.run();
  EXPECT_NEAR(static_cast<double>(world.left().size()), 19'000, 130);
}

// With p = 1% and r = 25%, a share of 1/26 is lost, in bursts of 4 on average.
TEST(Loss, DatagramsAreLostInBursts) {
  auto world =
      VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"loss\", p = \"1%\", r = \"25%\" }");
  for (int i = 0; i < 50'000; ++i) world.at(i * 1ms).send(std::to_string(i));
  world.run();
  const auto lost = 50'000 - static_cast<int>(world.left().size());
  EXPECT_NEAR(lost, 50'000 / 26, 250);
  int bursts = 0;
  int last = -1;
  for (const auto& output : world.left()) {
    bursts += std::stoi(output.what) != last + 1;
    last = std::stoi(output.what);
  }
  EXPECT_NEAR(static_cast<double>(lost) / bursts, 4.0, 0.4);
}

}  // namespace
}  // namespace brownout::test
