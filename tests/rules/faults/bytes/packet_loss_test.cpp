#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(PacketLoss, DropsTheConfiguredShareOfChunks) {
  VirtualWorld world(R"([[rule]]
fault = { type = "packet_loss", loss_rate = "20%" })");
  for (int i = 0; i < 5000; ++i) world.at(i * 1ms).send("x");
  world.run();
  EXPECT_NEAR(static_cast<double>(world.bytes().size()), 4000, 120);
  EXPECT_EQ(world.state().injected.load(), 5000 - world.bytes().size());
}

TEST(PacketLoss, DropsOneChunkInTenByDefault) {
  VirtualWorld world(R"([[rule]]
fault = { type = "packet_loss" })");
  for (int i = 0; i < 5000; ++i) world.at(i * 1ms).send("x");
  world.run();
  EXPECT_NEAR(static_cast<double>(world.bytes().size()), 4500, 90);
}

// Toxiproxy's model. With loss rate p and correlation c, a share of p / (1 - c) is dropped in the
// long run. Of the drops, a share of 1 - p - c end a burst.
TEST(PacketLoss, AfterADropTheLossRateIsHigherByTheCorrelation) {
  VirtualWorld world(R"([[rule]]
fault = { type = "packet_loss", loss_rate = "10%", correlation = "50%" })");
  for (int i = 0; i < 10000; ++i) world.at(i * 1ms).send(std::string(1, i % 2 == 0 ? 'a' : 'b'));
  world.run();
  const auto passed = static_cast<double>(world.bytes().size());
  EXPECT_NEAR(passed, 8000, 300);
  int bursts = 0;
  Instant last{-1ms};
  for (const auto& chunk : world.left()) {
    if (chunk.at - last > 1ms) ++bursts;
    last = chunk.at;
  }
  EXPECT_NEAR(bursts / (10000 - passed), 0.4, 0.04);
}

TEST(PacketLoss, ACorrelationOfOneHundredPercentNeverEndsABurst) {
  VirtualWorld world(R"([[rule]]
fault = { type = "packet_loss", loss_rate = "1%", correlation = "100%" })");
  for (int i = 0; i < 1000; ++i) world.at(i * 1ms).send("x");
  world.run();
  ASSERT_GT(world.bytes().size(), 0U);
  EXPECT_LT(world.bytes().size(), 1000U);
  EXPECT_EQ(world.left().back().at, Instant((world.bytes().size() - 1) * 1ms));
}

}  // namespace
}  // namespace brownout::test
