#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

TEST(MtuBlackhole, AStreamIsStuckBehindTheFirstLargeMessage) {
  VirtualWorld world("[[rule]]\nfault = { type = \"mtu_blackhole\", size = \"100 B\" }");
  world.at(0s)
      .send(std::string(100, 'a'))
      .at(1s)
      .send(std::string(101, 'b'))
      .at(2s)
      .send("c")
      .run(1h);
  EXPECT_EQ(world.bytes(), std::string(100, 'a'));
  EXPECT_EQ(world.notes(), "drop 0s 101 bytes #0\n");
  EXPECT_FALSE(world.chain().blackholed());
}

TEST(MtuBlackhole, OnlyLargeDatagramsAreLost) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"mtu_blackhole\", size = \"100 B\" }");
  world.at(0s)
      .send(std::string(100, 'a'))
      .at(1s)
      .send(std::string(101, 'b'))
      .at(2s)
      .send("c")
      .run();
  EXPECT_EQ(world.bytes(), std::string(100, 'a') + "c");
}

TEST(MtuBlackhole, NothingIsLostWhenTheRuleEnds) {
  VirtualWorld world("[[rule]]\nfault = { type = \"mtu_blackhole\", size = \"1 B\" }");
  world.at(0s).send("ab").at(1s).send("c").at(2s).reload("").run();
  EXPECT_EQ(world.bytes(), "abc");
}

}  // namespace
}  // namespace brownout::test
