#include "rules/protocols/http1/regex_edit.h"

#include <gtest/gtest.h>

namespace brownout::rules {
namespace {

std::string edited(const std::string& regex, const std::string& with, const std::string& text,
                   std::size_t most = 1000) {
  const auto result = RegexEdit::parse(regex, with).value().apply(text, most);
  return result ? *result : "(" + result.error().what + ")";
}

TEST(RegexEdit, ReplacesAllMatches) {
  EXPECT_EQ(edited("b+", "x", "abbab"), "axax");
  EXPECT_EQ(edited("(\\d+) EUR", "\\1 USD", "5 EUR, 70 EUR"), "5 USD, 70 USD");
  EXPECT_EQ(edited("b", "<\\0\\\\>", "abc"), "a<b\\>c");
  EXPECT_EQ(edited("b", "", "abc"), "ac");
  EXPECT_EQ(edited("^", "> ", "ab"), "> ab");
  EXPECT_EQ(edited("(?m)^", "> ", "a\nb"), "> a\n> b");
  EXPECT_EQ(edited("x*", "-", "aé"), "-a-é-");
  EXPECT_EQ(edited("\\bb", "x", "ab b"), "ab x") << "a match sees the text ahead of it";
  EXPECT_EQ(edited("(a)|b", "[\\1]", "ab"), "[a][]");
}

TEST(RegexEdit, SaysWhyNothingChanges) {
  EXPECT_EQ(edited("z", "x", "abc"), "(the expression has no match in the body)");
  EXPECT_EQ(edited("", std::string(100, 'x'), "abcdefghijklmnop"),
            "(the result has more than 1000 bytes)");
  EXPECT_EQ(edited("a", "bb", "aaaa", 7), "(the result has more than 7 bytes)");
}

TEST(RegexEdit, PassesBytesThatAreNotUtf8) {
  EXPECT_EQ(edited("a", "b",
                   "\xff\x80"
                   "a\xc3"),
            "\xff\x80"
            "b\xc3");
  EXPECT_EQ(edited("q*", "", "\xff\x80\xc3"), "\xff\x80\xc3");
}

TEST(RegexEdit, RefusesWhatCannotBeUsed) {
  EXPECT_FALSE(RegexEdit::parse("(", ""));
  EXPECT_FALSE(RegexEdit::parse("(a)", "\\2"));
  EXPECT_FALSE(RegexEdit::parse("a", "\\x"));
}

}  // namespace
}  // namespace brownout::rules
