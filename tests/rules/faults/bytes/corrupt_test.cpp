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

TEST(Corrupt, MayFlipOneBitPerChunk) {
  VirtualWorld world(R"([[rule]]
fault = { type = "corrupt", chance = "100%", each = "chunk" })");
  for (int i = 0; i < 50; ++i) world.at(0s).send("hello");
  world.run();
  for (const auto& output : world.left()) EXPECT_EQ(different_bits(output.what, "hello"), 1);
}

}  // namespace
}  // namespace brownout::test
