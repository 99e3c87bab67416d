#include <gtest/gtest.h>

#include "tests/support/firewall_lab.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(PortBlock, ThePortIsClosedForNewFlows) {
  const FirewallLab lab(edge() +
                        "[[rule]]\nfault = { type = \"port_block\", port = \"1880-1890\" }");
  EXPECT_EQ(lab.connect("10.1.2.3"), "drop");
  EXPECT_EQ(lab.connect("192.0.2.10", {}, 80), "accept");
}

TEST(PortBlock, ActionMayBeReject) {
  const FirewallLab lab(
      edge() + "[[rule]]\nfault = { type = \"port_block\", port = 1883, action = \"reject\" }");
  EXPECT_EQ(lab.connect("10.1.2.3"), "reject");
}

TEST(PortBlock, ActionAcceptIsAMistake) {
  EXPECT_EQ(first_problem_of(edge() + "[[rule]]\nfault = { type = \"port_block\", port = 1883, "
                                      "action = \"accept\" }"),
            "action: unknown value \"accept\"");
}

TEST(PortBlock, LiveFlowsStopInBothDirections) {
  for (const auto direction : {Direction::kUpstream, Direction::kDownstream}) {
    auto facts = flow_of(1, "10.1.2.3");
    facts.destination_port = 1883;
    const FirewallLab lab(edge() +
                          "[[rule]]\nstart = \"10s\"\nduration = \"10s\"\nfault = { type = "
                          "\"port_block\", port = 1883 }");
    VirtualWorld world(lab.set(), facts, direction);
    world.at(9s).send("a").at(11s).send("b").run();
    EXPECT_EQ(world.log(), "9s a\n20s b\n");
  }
}

}  // namespace
}  // namespace brownout::test
