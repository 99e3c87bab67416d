#include <gtest/gtest.h>

#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

using rules::Direction;

TEST(Slicer, CutsIntoPiecesWithPauses) {
  VirtualWorld world(R"([[rule]]
fault = { type = "slicer", size = "3 B", delay = "10ms" })");
  world.at(0s).send("abcdefgh").at(1ms).send_fin().run();
  EXPECT_EQ(world.log(), "0s abc\n10ms def\n20ms gh\n20ms <FIN>\n");
}

TEST(Slicer, PieceSizesDependOnTheOffsetAndNotOnReads) {
  const std::string rule = R"([[rule]]
fault = { type = "slicer", size = "10 B", variation = "5 B", delay = "1ms" })";
  VirtualWorld whole(rule);
  VirtualWorld parts(rule);
  std::string text;
  for (int i = 0; i < 400; ++i) text += static_cast<char>('a' + i % 26);
  whole.at(0s).send(text).run();
  for (std::size_t i = 0; i < text.size(); i += 7) parts.at(0s).send(text.substr(i, 7));
  parts.run();
  EXPECT_EQ(whole.bytes(), text);
  EXPECT_EQ(parts.bytes(), text);
  EXPECT_EQ(whole.left().back().at, parts.left().back().at);
  for (std::size_t i = 0; i + 1 < whole.left().size(); ++i) {
    EXPECT_GE(whole.left()[i].what.size(), 5U);
    EXPECT_LE(whole.left()[i].what.size(), 15U);
  }
}

TEST(Slicer, APieceHasAtLeastOneByte) {
  VirtualWorld world(R"([[rule]]
fault = { type = "slicer", size = "2 B", variation = "2 B" })");
  const std::string text(1000, 'x');
  world.at(0s).send(text).run();
  EXPECT_EQ(world.bytes(), text);
  for (const auto& piece : world.left()) {
    EXPECT_GE(piece.what.size(), 1U);
    EXPECT_LE(piece.what.size(), 4U);
  }
}

}  // namespace
}  // namespace brownout::test
