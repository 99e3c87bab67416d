#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(Unplug, PassesBytesThenHoldsThemUntilTheRuleIsRemoved) {
  VirtualWorld world(R"([[rule]]
fault = { type = "unplug", after = "10s" })");
  world.at(1s).send("a").at(11s).send("b").at(12s).send_fin();
  world.at(13s).call([&] { EXPECT_TRUE(world.chain().blackholed()); });
  world.at(1h).reload("").run();
  EXPECT_EQ(world.log(), "1s a\n1h b\n1h <FIN>\n");
  EXPECT_FALSE(world.chain().blackholed());
  EXPECT_EQ(world.notes(), "unplug 0s 0 bytes #0\n");
}

TEST(Unplug, CountsHeldBytesSoThatReadingPauses) {
  VirtualWorld world(R"([[rule]]
fault = { type = "unplug" })");
  world.at(1s).send(std::string(1000, 'x')).run();
  EXPECT_EQ(world.chain().held(), 1000U);
  EXPECT_EQ(world.log(), "");
}

TEST(Unplug, ReleasesEverythingWhenItsScheduleEnds) {
  VirtualWorld world(R"([[rule]]
start = "10s"
duration = "20s"
fault = { type = "unplug" })");
  world.at(5s).send("a").at(15s).send("b").at(40s).send("c").run();
  EXPECT_EQ(world.log(), "5s a\n30s b\n40s c\n");
}

}  // namespace
}  // namespace brownout::test
