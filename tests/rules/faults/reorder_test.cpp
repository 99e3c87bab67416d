#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

// netem: `delay 10ms reorder 100% gap 3`: the third leaves at once, the others wait.
TEST(Reorder, EveryNthOvertakes) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"reorder\", share = \"100%\", gap = 3, delay = \"10ms\" }");
  for (const auto* one : {"1", "2", "3", "4"}) world.at(0s).send(one);
  world.run();
  EXPECT_EQ(world.log(), "0s 3\n10ms 1\n10ms 2\n10ms 4\n");
  EXPECT_EQ(world.notes(), "overtake 0s 1 bytes #2\n");
}

TEST(Reorder, TheShareOfCandidates) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"reorder\", share = \"25%\", delay = \"5ms\" }");
  for (int i = 0; i < 4000; ++i) world.at(i * 1ms).send(std::to_string(i));
  world.run();
  ASSERT_EQ(world.left().size(), 4000U);
  int overtook = 0;
  for (const auto& one : world.left()) overtook += one.at == Instant(std::stoi(one.what) * 1ms);
  EXPECT_NEAR(overtook, 1000, 90);
}

TEST(Reorder, NothingIsLostWhenTheRuleGoes) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"reorder\", share = \"1%\", delay = \"1h\" }");
  world.at(0s).send("a").send("b").at(1s).reload("").run(2s);
  EXPECT_EQ(world.log(), "1s a\n1s b\n");
}

}  // namespace
}  // namespace brownout::test
