#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(Timeout, SwallowsAndClosesAfterTheFirstByteWhateverTheTraffic) {
  VirtualWorld world(R"([[rule]]
fault = { type = "timeout", close_after = "5s" })");
  for (int i = 0; i < 100; ++i) world.at(1s + i * 100ms).send("x");
  world.run();
  EXPECT_EQ(world.log(), "6s <CLOSE>\n");
}

TEST(Timeout, ZeroNeverCloses) {
  VirtualWorld world(R"([[rule]]
fault = { type = "timeout" })");
  world.at(1s).send("x").run();
  EXPECT_EQ(world.log(), "");
}

TEST(Timeout, AChangedTimeStillCountsFromTheFirstByte) {
  const auto rule = [](const std::string& after) {
    return "[[rule]]\nname = \"r\"\nfault = { type = \"timeout\", close_after = \"" + after +
           "\" }";
  };
  VirtualWorld longer(rule("2s"));
  longer.at(1s).send("x").at(2s).reload(rule("5s")).run();
  EXPECT_EQ(longer.log(), "6s <CLOSE>\n");
  VirtualWorld shorter(rule("5s"));
  shorter.at(1s).send("x").at(4s).reload(rule("1s")).run();
  EXPECT_EQ(shorter.log(), "4s <CLOSE>\n");
  VirtualWorld never(rule("5s"));
  never.at(1s).send("x").at(4s).reload(rule("0s")).run();
  EXPECT_EQ(never.log(), "");
}

TEST(Timeout, TheEndOfTheRuleClosesOnlyConnectionsThatLostBytes) {
  const std::string rule = R"([[rule]]
fault = { type = "timeout" })";
  VirtualWorld hit(rule);
  hit.at(1s).send("x").at(2s).reload("").at(3s).send("y").run();
  EXPECT_EQ(hit.log(), "2s <CLOSE>\n");
  VirtualWorld spared(rule);
  spared.at(2s).reload("").at(3s).send("y").run();
  EXPECT_EQ(spared.log(), "3s y\n");
}

}  // namespace
}  // namespace brownout::test
