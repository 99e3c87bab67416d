#include "rules/base/columns.h"

#include <gtest/gtest.h>

namespace brownout::rules {
namespace {

TEST(Columns, CountsCharactersInsteadOfBytes) {
  EXPECT_EQ(columns_of(""), 0U);
  EXPECT_EQ(columns_of("phones"), 6U);
  EXPECT_EQ(columns_of("Zürich…"), 7U);
  EXPECT_EQ(columns_of("東京"), 4U);
  EXPECT_EQ(columns_of("한글"), 4U);
  EXPECT_EQ(columns_of("📱"), 2U);
  EXPECT_EQ(columns_of("\xff\xc3"), 2U);
}

TEST(Columns, CutsTextBetweenCharacters) {
  EXPECT_EQ(fitted("phones", 6), "phones");
  EXPECT_EQ(fitted("phones", 5), "phon…");
  EXPECT_EQ(fitted("Zürich", 3), "Zü…");
  EXPECT_EQ(fitted("東京都", 6), "東京都");
  EXPECT_EQ(fitted("東京都", 5), "東京…");
  EXPECT_EQ(fitted("東京都", 4), "東…");
  EXPECT_EQ(fitted("phones", 1), "…");
  EXPECT_EQ(fitted("phones", 0), "");
  EXPECT_EQ(fitted("a\nb\x1b[31m", 20).find_first_of("\n\x1b"), std::string::npos);
}

}  // namespace
}  // namespace brownout::rules
