#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(LimitData, PassesExactlyTheLimitWhateverTheChunks) {
  for (const std::size_t step : {1U, 4U, 5U, 16U}) {
    VirtualWorld world(R"([[rule]]
fault = { type = "limit_data", bytes = "10 B" })");
    const std::string text = "0123456789abcdef";
    for (std::size_t i = 0; i < text.size(); i += step) world.at(1ms).send(text.substr(i, step));
    world.run();
    EXPECT_EQ(world.bytes(), "0123456789") << step;
    EXPECT_EQ(world.left().back().what, "<CLOSE>");
  }
}

TEST(LimitData, AResetComesAfterTheDataThatLaterRulesHold) {
  VirtualWorld world(R"([[rule]]
fault = { type = "limit_data", bytes = "3 B", close = "rst" }
[[rule]]
fault = { type = "latency", delay = "5s" })");
  world.at(1s).send("hello").run();
  EXPECT_EQ(world.log(), "6s hel\n6s <RST>\n");
}

TEST(LimitData, ZeroClosesAtTheFirstByteAndMayReset) {
  VirtualWorld world(R"([[rule]]
fault = { type = "limit_data", bytes = "0 B", close = "rst" })");
  world.at(5ms).send("x").run();
  EXPECT_EQ(world.log(), "5ms <RST>\n");
}

TEST(LimitData, AChangedLimitKeepsTheCount) {
  const auto rule = [](const std::string& bytes) {
    return "[[rule]]\nname = \"r\"\nfault = { type = \"limit_data\", bytes = \"" + bytes + "\" }";
  };
  VirtualWorld more(rule("10 B"));
  more.at(1s).send("01234567").at(2s).reload(rule("12 B")).at(3s).send("89abcdef");
  more.run();
  EXPECT_EQ(more.log(), "1s 01234567\n3s 89ab\n3s <CLOSE>\n");
  VirtualWorld less(rule("10 B"));
  less.at(1s).send("01234567").at(2s).reload(rule("3 B")).at(3s).send("89abcdef");
  less.run();
  EXPECT_EQ(less.log(), "1s 01234567\n3s <CLOSE>\n");
}

TEST(LimitData, TheCloseWaitsForBytesThatALaterRuleHolds) {
  VirtualWorld world(R"([[rule]]
fault = { type = "limit_data", bytes = "3 B" }
[[rule]]
fault = { type = "latency", delay = "1s" })");
  world.at(0s).send("abcdef").run();
  EXPECT_EQ(world.log(), "1s abc\n1s <CLOSE>\n");
}

}  // namespace
}  // namespace brownout::test
