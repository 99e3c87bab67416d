// What a log line and a terminal are spared.
#include "rules/base/terminal_text.h"

#include <gtest/gtest.h>

namespace brownout::rules {
namespace {

TEST(Escaped, LeavesTextAsItIs) {
  EXPECT_EQ(escaped(""), "");
  EXPECT_EQ(escaped("a rule, 50% \\ caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80"),
            "a rule, 50% \\ caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80");
}

TEST(Escaped, KeepsALineOneLine) {
  EXPECT_EQ(escaped("a\n12:00:00 warning halted\r\tb"), "a\\n12:00:00 warning halted\\r\\tb");
  EXPECT_EQ(escaped("a\xe2\x80\xa8z"), "a\\u2028z");
}

TEST(Escaped, LetsNothingCommandATerminal) {
  EXPECT_EQ(escaped("\x1b]0;owned\x07"), "\\x1b]0;owned\\x07");
  EXPECT_EQ(escaped(std::string_view("\0\x7f", 2)), "\\x00\\x7f");
  // CSI as one character of Latin-1 (C1), in UTF-8.
  EXPECT_EQ(escaped("\xc2\x9b"
                    "2J"),
            "\\u009b2J");
  // What follows would be shown from right to left.
  EXPECT_EQ(escaped("\xe2\x80\xae"
                    "gpj.exe"),
            "\\u202egpj.exe");
}

TEST(Escaped, ShowsTheBytesOfWhatIsNoUtf8) {
  EXPECT_EQ(escaped("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(escaped("caf\xc3"), "caf\\xc3");              // cut off
  EXPECT_EQ(escaped("\xc0\x8a"), "\\xc0\\x8a");           // a line feed, too long
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // half of a pair of UTF-16
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
}

TEST(Escaped, KeepsTheLinesOfATableWhereItIsOne) {
  EXPECT_EQ(escaped("a\tb\n\x1b[2J\n", LineEnds::kKept), "a\tb\n\\x1b[2J\n");
}

}  // namespace
}  // namespace brownout::rules
