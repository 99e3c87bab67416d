#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(SlowClose, DelaysTheEndAndNotTheData) {
  VirtualWorld world(R"([[rule]]
fault = { type = "slow_close", delay = "3s" })");
  world.at(1s).send("a").at(2s).send_fin().run();
  EXPECT_EQ(world.log(), "1s a\n5s <FIN>\n");
}

TEST(SlowClose, TheEndLeavesAtOnceWhenTheRuleEnds) {
  VirtualWorld world(R"([[rule]]
fault = { type = "slow_close", delay = "1h" })");
  world.at(2s).send_fin().at(3s).reload("").run();
  EXPECT_EQ(world.log(), "3s <FIN>\n");
}

}  // namespace
}  // namespace brownout::test
