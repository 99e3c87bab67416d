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

TEST(PacketLoss, TheDefaultIsThatOfToxiproxy) {
  VirtualWorld world(R"([[rule]]
fault = { type = "packet_loss" })");
  for (int i = 0; i < 5000; ++i) world.at(i * 1ms).send("x");
  world.run();
  EXPECT_NEAR(static_cast<double>(world.bytes().size()), 4500, 90);
}

}  // namespace
}  // namespace brownout::test
