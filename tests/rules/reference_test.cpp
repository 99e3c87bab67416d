#include "rules/reference.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace brownout::rules {
namespace {

TEST(Reference, ThePageInDocsIsCurrent) {
  std::ifstream file(SOURCE_DIR "/docs/reference.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), reference_page()) << "run: brownout reference > docs/reference.md";
}

}  // namespace
}  // namespace brownout::rules
