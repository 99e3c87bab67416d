#include <gtest/gtest.h>

#include "tests/support/firewall_lab.h"

namespace brownout::test {
namespace {

TEST(RuleOrder, AMovedLineDecidesFirst) {
  const FirewallLab lab(edge() + "[[rule]]\nfault = { type = \"rule_order\", line = 3, to = 1 }");
  EXPECT_EQ(lab.connect("192.0.2.10", {}, 22), "reject");
  EXPECT_EQ(lab.connect("192.0.2.10", {}, 80), "accept");
}

TEST(RuleOrder, MovesTheFirstBlockingLineByDefault) {
  const FirewallLab lab(edge() + "[[rule]]\nfault = { type = \"rule_order\" }");
  EXPECT_EQ(lab.connect("192.0.2.10", {}, 22), "reject");
}

TEST(RuleOrder, MovesThePolicyIfNoLineBlocks) {
  const FirewallLab lab(R"([[firewall]]
name = "f"
policy = "drop"
rules = [{ action = "accept", source = "10.0.0.0/8" }]
[[rule]]
start = "1s"
fault = { type = "rule_order" })");
  EXPECT_EQ(lab.connect("10.1.2.3", 0s), "accept");
  EXPECT_EQ(lab.connect("10.1.2.3", 1s), "drop");
  EXPECT_EQ(lab.state(1).injected, 1U);
}

TEST(RuleOrder, AMissingLineChangesNothing) {
  const FirewallLab lab(edge() + "[[rule]]\nfault = { type = \"rule_order\", line = 99 }");
  EXPECT_EQ(lab.connect("192.0.2.10", {}, 22), "accept");
}

}  // namespace
}  // namespace brownout::test
