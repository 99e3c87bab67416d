#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

TEST(Duplicate, TheCopyIsRightBehind) {
  auto world =
      VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"duplicate\", share = \"100%\" }");
  world.at(1ms).send("a").at(2ms).send("b").run();
  EXPECT_EQ(world.log(), "1ms a\n1ms a\n2ms b\n2ms b\n");
}

TEST(Duplicate, TheShareThatItSays) {
  auto world =
      VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"duplicate\", share = \"20%\" }");
  for (int i = 0; i < 10'000; ++i) world.at(i * 1ms).send("x");
  world.run();
  EXPECT_NEAR(static_cast<double>(world.left().size()), 12'000, 130);
}

TEST(Duplicate, EmptyDatagramsToo) {
  auto world =
      VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"duplicate\", share = \"100%\" }");
  world.at(0s).send("").run();
  EXPECT_EQ(world.left().size(), 2U);
}

}  // namespace
}  // namespace brownout::test
