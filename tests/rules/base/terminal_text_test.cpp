// Tests escaped(), which makes text from the network safe to print in logs and on terminals.
#include "rules/base/terminal_text.h"

#include <gtest/gtest.h>

namespace brownout::rules {
namespace {

TEST(Escaped, LeavesPrintableTextUnchanged) {
  EXPECT_EQ(escaped(""), "");
  EXPECT_EQ(escaped("a rule, 50% \\ caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80"),
            "a rule, 50% \\ caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80");
}

TEST(Escaped, EscapesLineBreaks) {
  EXPECT_EQ(escaped("a\n12:00:00 warning halted\r\tb"), "a\\n12:00:00 warning halted\\r\\tb");
  EXPECT_EQ(escaped("a\xe2\x80\xa8z"), "a\\u2028z");
}

TEST(Escaped, EscapesTerminalControlCharacters) {
  EXPECT_EQ(escaped("\x1b]0;owned\x07"), "\\x1b]0;owned\\x07");
  EXPECT_EQ(escaped(std::string_view("\0\x7f", 2)), "\\x00\\x7f");
  // U+009B, the control sequence introducer: terminals treat it like ESC [.
  EXPECT_EQ(escaped("\xc2\x9b"
                    "2J"),
            "\\u009b2J");
  // U+202E makes terminals show the text after it from right to left.
  EXPECT_EQ(escaped("\xe2\x80\xae"
                    "gpj.exe"),
            "\\u202egpj.exe");
}

TEST(Escaped, ShowsInvalidUtf8AsHexBytes) {
  EXPECT_EQ(escaped("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(escaped("caf\xc3"), "caf\\xc3");              // an incomplete character
  EXPECT_EQ(escaped("\xc0\x8a"), "\\xc0\\x8a");           // a line feed in overlong form
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // a UTF-16 surrogate
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(Escaped, KeepsTabsAndLineFeedsOnRequest) {
  EXPECT_EQ(escaped("a\tb\n\x1b[2J\n", LineEnds::kKept), "a\tb\n\\x1b[2J\n");
}

}  // namespace
}  // namespace brownout::rules
