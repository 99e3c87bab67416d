#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

TEST(Drop, EverythingVanishes) {
  auto world = VirtualWorld::of_datagrams("[[rule]]\nfault = { type = \"drop\" }");
  world.at(0s).send("one").send("two").run();
  EXPECT_EQ(world.log(), "");
  EXPECT_EQ(world.state().injected, 2U);
}

TEST(Drop, TheShareThatTheDiceChoose) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nprobability = \"10%\"\nper = \"chunk\"\nfault = { type = \"drop\" }");
  for (int i = 0; i < 10'000; ++i) world.at(i * 1ms).send("x");
  world.run();
  EXPECT_NEAR(static_cast<double>(world.left().size()), 9000, 100);
}

TEST(Drop, IsForDatagramsOnly) {
  EXPECT_EQ(first_problem_of("[[rule]]\nfault = { type = \"drop\" }"),
            "a stream cannot have the fault \"drop\"");
}

}  // namespace
}  // namespace brownout::test
