#include <gtest/gtest.h>

#include "tests/support/firewall_lab.h"

namespace brownout::test {
namespace {

using rules::Direction;

std::string file(const std::string& lines) {
  return "[[firewall]]\nname = \"f\"\npolicy = \"drop\"\nstateful = false\nrules = [" + lines +
         "]\n[[rule]]\nstart = \"10s\"\nfault = { type = \"no_established\" }";
}

TEST(NoEstablished, RepliesAreDroppedWhenTheLineIsMissing) {
  VirtualWorld world(
      file("{ action = \"accept\", state = \"established\" }, { action = \"accept\", source = "
           "\"10.0.0.0/8\" }"),
      Direction::kDownstream);
  world.at(9s).send("a").at(11s).send("b").run(20s);
  EXPECT_EQ(world.log(), "9s a\n");
  EXPECT_TRUE(world.chain().blackholed());
}

TEST(NoEstablished, PacketsThatAnotherLineMatchesPass) {
  VirtualWorld world(file("{ action = \"accept\", source = \"10.0.0.0/8\" }"),
                     Direction::kUpstream);
  world.at(11s).send("b").run(20s);
  EXPECT_EQ(world.log(), "11s b\n");
}

TEST(NoEstablished, NewFlowsAreAccepted) {
  const FirewallLab lab(file("{ action = \"accept\", source = \"10.0.0.0/8\" }"));
  EXPECT_EQ(lab.connect("10.1.2.3", 11s), "accept");
}

}  // namespace
}  // namespace brownout::test
