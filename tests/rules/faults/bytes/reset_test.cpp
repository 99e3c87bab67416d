#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(Reset, ResetsAtOnceByDefault) {
  VirtualWorld world(R"([[rule]]
fault = { type = "reset" })");
  world.at(1ms).send("x").run();
  EXPECT_EQ(world.log(), "0s <RST>\n");
}

TEST(Reset, ResetsAfterATime) {
  VirtualWorld world(R"([[rule]]
fault = { type = "reset", after = "2s" })");
  world.at(1s).send("a").at(3s).send("b").run();
  EXPECT_EQ(world.log(), "1s a\n2s <RST>\n");
}

TEST(Reset, ResetsAfterExactlySoManyBytesWhateverTheChunks) {
  for (const std::size_t step : {1U, 3U, 7U, 100U}) {
    VirtualWorld world(R"([[rule]]
fault = { type = "reset", after_bytes = "10 B" })");
    const std::string text = "0123456789abcdef";
    for (std::size_t i = 0; i < text.size(); i += step) world.at(1ms).send(text.substr(i, step));
    world.run();
    EXPECT_EQ(world.bytes(), "0123456789") << step;
    EXPECT_EQ(world.left().back().what, "<RST>");
  }
}

TEST(Reset, OnDataNothingPassesFromTheFirstByteOn) {
  VirtualWorld world(R"([[rule]]
fault = { type = "reset", after = "1s", on_data = true })");
  world.at(2s).send("a").at(2500ms).send("b").run();
  EXPECT_EQ(world.log(), "3s <RST>\n");
}

TEST(Reset, OnDataTheEndOfTheStreamStartsTheWait) {
  VirtualWorld world(R"([[rule]]
fault = { type = "reset", on_data = true })");
  world.at(2s).send_fin();
  world.run();
  EXPECT_EQ(world.log(), "2s <RST>\n");
}

TEST(Reset, PerChunkResetsAtARandomChunk) {
  int resets = 0;
  for (std::uint64_t flow = 1; flow <= 200; ++flow) {
    VirtualWorld world(R"([[rule]]
probability = "1%"
per = "chunk"
fault = { type = "reset" })",
                       Direction::kUpstream, 1, flow);
    for (int i = 0; i < 70; ++i) world.at(i * 1ms).send("x");
    world.run();
    resets += world.left().back().what == "<RST>" ? 1 : 0;
  }
  // A connection of 70 chunks is reset with a probability of 1 - 0.99^70 = 50.5%.
  EXPECT_NEAR(resets, 101, 25);
}

}  // namespace
}  // namespace brownout::test
