// Tests valid_text(), which replaces incomplete characters and bytes that are not UTF-8.
#include <gtest/gtest.h>

#include "rules/base/valid_text.h"

namespace brownout::test {
namespace {

using rules::shortened;
using rules::valid_text;

TEST(ValidText, LeavesValidTextUnchanged) {
  const std::string text = "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x94\xa5\xef\xbf\xbd";
  EXPECT_EQ(valid_text(text), text);
  EXPECT_EQ(valid_text(""), "");
}

TEST(ValidText, ReplacesInvalidBytes) {
  const std::string instead = "\xef\xbf\xbd";
  EXPECT_EQ(valid_text("a\xff\xfe"), "a" + instead + instead);
  EXPECT_EQ(valid_text("\xc3"), instead);  // an incomplete character
  EXPECT_EQ(valid_text("\xe2\x82x"), instead + instead + "x");
  EXPECT_EQ(valid_text("\xc0\x80"), instead + instead);  // a character in overlong form
  EXPECT_EQ(valid_text("\xed\xa0\x80"), instead + instead + instead);  // a surrogate
  EXPECT_EQ(valid_text("\xf4\x90\x80\x80"), instead + instead + instead + instead);
}

TEST(ValidText, ShortenedTextEndsBetweenCharacters) {
  EXPECT_EQ(shortened("a\xc3\xbc", 2), "a");
  EXPECT_EQ(shortened("a\xc3\xbc", 3), "a\xc3\xbc");
  EXPECT_EQ(shortened("abc", 80), "abc");
  EXPECT_EQ(shortened("", 0), "");
}

}  // namespace
}  // namespace brownout::test
