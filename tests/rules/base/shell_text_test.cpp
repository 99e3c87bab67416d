#include "rules/base/shell_text.h"

#include <gtest/gtest.h>

namespace brownout::test {
namespace {

using rules::shell_word;

TEST(ShellWord, IsPlainUnlessAShellWouldReadItOtherwise) {
  for (const auto* plain : {"npm", "./test.sh", "/usr/bin/env", "a-b_c=1,2:3@4%5+6"}) {
    EXPECT_EQ(shell_word(plain), plain);
  }
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("two words"), "'two words'");
  EXPECT_EQ(shell_word("$(id)"), "'$(id)'");
  EXPECT_EQ(shell_word("it's"), R"('it'\''s')");
  EXPECT_EQ(shell_word("~"), "'~'");
}

}  // namespace
}  // namespace brownout::test
