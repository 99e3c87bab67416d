#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

std::string garbage_of(const std::string& keys, const std::string& sent) {
  VirtualWorld world("[[rule]]\nname = \"r\"\nfault = { type = \"garbage\"" + keys + " }");
  world.at(5ms).send(sent).run();
  EXPECT_EQ(world.left().back().at, rules::Instant(5ms));
  return world.bytes() + world.left().back().what;
}

TEST(Garbage, ReplacesTheDataByRandomBytesThenCloses) {
  const auto got = garbage_of("", "hello");
  EXPECT_EQ(got.size(), 256 + std::string("<CLOSE>").size());
  EXPECT_EQ(got.find("hello"), std::string::npos);
  EXPECT_TRUE(got.ends_with("<CLOSE>"));
}

TEST(Garbage, HasTheSameBytesForTheSameSeed) {
  EXPECT_EQ(garbage_of(", bytes = \"16 B\"", "a"), garbage_of(", bytes = \"16 B\"", "bc"));
}

TEST(Garbage, MayReset) {
  EXPECT_TRUE(garbage_of(", bytes = \"4 B\", close = \"rst\"", "a").ends_with("<RST>"));
}

}  // namespace
}  // namespace brownout::test
