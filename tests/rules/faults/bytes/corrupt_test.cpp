#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

int different_bits(const std::string& a, const std::string& b) {
  int bits = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    bits += __builtin_popcount(static_cast<unsigned char>(a[i] ^ b[i]));
  return bits;
}

TEST(Corrupt, FlipsOneBitInTheConfiguredShareOfBytes) {
  VirtualWorld world(R"([[rule]]
fault = { type = "corrupt", chance = "1%" })");
  const std::string text(100'000, 'x');
  world.at(0s).send(text).run();
  ASSERT_EQ(world.bytes().size(), text.size());
  EXPECT_NEAR(different_bits(world.bytes(), text), 1000, 130);
}

TEST(Corrupt, FlipsTheSameBytesWhateverTheReads) {
  const std::string rule = R"([[rule]]
fault = { type = "corrupt", chance = "1%" })";
  VirtualWorld whole(rule);
  VirtualWorld parts(rule);
  const std::string text(10'000, 'x');
  whole.at(0s).send(text).run();
  for (std::size_t i = 0; i < text.size(); i += 77) parts.at(0s).send(text.substr(i, 77));
  parts.run();
  EXPECT_EQ(whole.bytes(), parts.bytes());
}

// As in netem, each draw is value x (1 - correlation) + the last draw x correlation: flips come
// together, and their share shrinks, since the draws gather around the middle.
TEST(Corrupt, CorrelatedDrawsFlipChunksTogether) {
  const auto flips = [](const std::string& correlation) {
    auto world = VirtualWorld::of_datagrams(
        "[[rule]]\nfault = { type = \"corrupt\", chance = \"30%\", each = \"chunk\", correlation = "
        "\"" +
        correlation + "\" }");
    for (int i = 0; i < 20'000; ++i) world.at(0s).send("hello");
    world.run();
    int flipped = 0;
    int runs = 0;
    bool before = false;
    for (const auto& output : world.left()) {
      const bool now = output.what != "hello";
      flipped += now ? 1 : 0;
      runs += now && !before ? 1 : 0;
      before = now;
    }
    return std::pair(flipped, static_cast<double>(flipped) / runs);
  };
  EXPECT_NEAR(flips("0%").first, 6000, 250);
  EXPECT_NEAR(flips("0%").second, 1 / 0.7, 0.06);
  const auto [flipped, run] = flips("60%");
  EXPECT_LT(flipped, 3000);
  // Independent flips of this share would have runs of 1 / (1 - share).
  EXPECT_GT(run, 1.3 / (1 - flipped / 20'000.0));
}

TEST(Corrupt, CorrelatedDrawsDoNotDependOnTheReads) {
  const std::string rule = R"([[rule]]
fault = { type = "corrupt", chance = "5%", correlation = "40%" })";
  VirtualWorld whole(rule);
  VirtualWorld parts(rule);
  const std::string text(10'000, 'x');
  whole.at(0s).send(text).run();
  for (std::size_t i = 0; i < text.size(); i += 77) parts.at(0s).send(text.substr(i, 77));
  parts.run();
  EXPECT_EQ(whole.bytes(), parts.bytes());
  EXPECT_NE(whole.bytes(), text);
}

TEST(Corrupt, MayFlipOneBitPerChunk) {
  VirtualWorld world(R"([[rule]]
fault = { type = "corrupt", chance = "100%", each = "chunk" })");
  for (int i = 0; i < 50; ++i) world.at(0s).send("hello");
  world.run();
  for (const auto& output : world.left()) EXPECT_EQ(different_bits(output.what, "hello"), 1);
}

}  // namespace
}  // namespace brownout::test
