#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(Asymmetric, DownstreamIsLostByDefault) {
  const std::string rule = "[[rule]]\nfault = { type = \"asymmetric\" }";
  VirtualWorld up(rule, Direction::kUpstream);
  up.at(1s).send("a").run();
  EXPECT_EQ(up.log(), "1s a\n");
  VirtualWorld down(rule, Direction::kDownstream);
  down.at(1s).send("a").at(2s).send_fin().run();
  EXPECT_EQ(down.log(), "");
  EXPECT_TRUE(down.chain().blackholed());
}

TEST(Asymmetric, TheKeyLostSelectsTheDirection) {
  const std::string rule = "[[rule]]\nfault = { type = \"asymmetric\", lost = \"upstream\" }";
  VirtualWorld up(rule, Direction::kUpstream);
  up.at(1s).send("a").run();
  EXPECT_EQ(up.log(), "");
  VirtualWorld down(rule, Direction::kDownstream);
  down.at(1s).send("a").run();
  EXPECT_EQ(down.log(), "1s a\n");
}

TEST(Asymmetric, DatagramsAreLostOneWay) {
  auto world = VirtualWorld::of_datagrams(
      "[[rule]]\nfault = { type = \"asymmetric\", lost = \"upstream\" }");
  world.at(1s).send("a").run();
  EXPECT_EQ(world.log(), "");
}

}  // namespace
}  // namespace brownout::test
