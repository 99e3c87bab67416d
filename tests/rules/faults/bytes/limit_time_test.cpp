#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(LimitTime, EndsUnderConstantTraffic) {
  for (const auto& [how, mark] : {std::pair{"fin", "<CLOSE>"}, {"rst", "<RST>"}}) {
    VirtualWorld world("[[rule]]\nfault = { type = \"limit_time\", after = \"1s\", close = \"" +
                       std::string(how) + "\" }");
    for (int i = 0; i < 50; ++i) world.at(i * 100ms + 1ms).send("x");
    world.run();
    EXPECT_EQ(world.bytes().size(), 10U);
    EXPECT_EQ(world.left().back().what, mark);
    EXPECT_EQ(world.left().back().at, Instant(1s));
  }
}

TEST(LimitTime, HangHoldsEverything) {
  VirtualWorld world(R"([[rule]]
fault = { type = "limit_time", after = "1s", close = "hang" })");
  world.at(500ms).send("a").at(2s).send("b").run();
  EXPECT_EQ(world.log(), "500ms a\n");
  EXPECT_EQ(world.chain().held(), 1U);
}

}  // namespace
}  // namespace brownout::test
