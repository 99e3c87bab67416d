#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

TEST(FlushState, OpenConnectionsPassNoMoreData) {
  VirtualWorld world("[[rule]]\nstart = \"10s\"\nfault = { type = \"flush_state\" }");
  world.at(9s).send("a").at(11s).send("b").at(12s).send_fin().run();
  EXPECT_EQ(world.log(), "9s a\n");
  EXPECT_TRUE(world.chain().blackholed());
}

TEST(FlushState, LaterConnectionsWork) {
  auto facts = flow_of();
  facts.opened = Instant(10s);
  VirtualWorld world(
      rules::RuleSet::activate(
          config_of("[[rule]]\nstart = \"10s\"\nfault = { type = \"flush_state\" }").rules, 1,
          Instant{}),
      facts, rules::Direction::kUpstream);
  world.at(11s).send("b").run();
  EXPECT_EQ(world.log(), "11s b\n");
}

TEST(FlushState, NothingIsLostWhenTheRuleEnds) {
  VirtualWorld world("[[rule]]\nstart = \"10s\"\nfault = { type = \"flush_state\" }");
  world.at(11s).send("b").at(20s).reload("").run();
  EXPECT_EQ(world.log(), "20s b\n");
}

}  // namespace
}  // namespace brownout::test
