// Tests the search for the ends of UTF-8 characters (RFC 3629) in bytes that may be invalid UTF-8.
#include "rules/base/utf8.h"

#include <gtest/gtest.h>

#include <string>

#include "rules/protocols/xmpp/xmpp.h"

namespace brownout::test {
namespace {

using namespace std::string_literals;
using rules::utf8_around;
using rules::utf8_front;
using rules::utf8_size;

TEST(Utf8, ACharacterHasOneToFourBytes) {
  for (const auto& character : {"a"s, "\0"s, "\xc3\xa4"s, "\xe2\x82\xac"s, "\xf0\x9f\x98\x80"s,
                                "\xed\x9f\xbf"s, "\xf4\x8f\xbf\xbf"s, "\xe0\xa0\x80"s}) {
    EXPECT_EQ(utf8_size(character + "\x80"), character.size());
    EXPECT_EQ(utf8_size(character.substr(0, character.size() - 1)), 0U) << "its end is missing";
  }
  for (const auto& broken :
       {"\x80"s, "\xc0\x80"s, "\xc1\xbf"s, "\xc3("s, "\xe0\x9f\xbf"s, "\xed\xa0\x80"s,
        "\xf0\x8f\xbf\xbf"s, "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xff"s}) {
    EXPECT_EQ(utf8_size(broken), 0U);
  }
}

TEST(Utf8, TextIsCutOnlyBetweenCharacters) {
  const auto text = "a\xc3\xa4\xf0\x9f\x98\x80z"s;
  for (std::size_t most = 0; most < 10; ++most) {
    const std::size_t left = most == 0 ? 0 : most < 3 ? 1 : most < 7 ? 3 : most < 8 ? 7 : 8;
    EXPECT_EQ(utf8_front(text, most).size(), left) << most;
  }
  EXPECT_EQ(utf8_front("\x80\x80\x80\x80\x80", 3).size(), 3U) << "invalid UTF-8 is cut at any byte";
  EXPECT_EQ(utf8_around(text, 4), "\xf0\x9f\x98\x80");
  EXPECT_EQ(utf8_around("a\x80", 1), "");
}

// XML 1.0, section 2.2, lists the allowed characters.
TEST(Utf8, CharactersThatXmlForbidsAreReplaced) {
  EXPECT_EQ(rules::xml_escaped("<a b='\"'>&\xc3\xa4\t\n"),
            "&lt;a b=&apos;&quot;&apos;&gt;&amp;\xc3\xa4\t\n");
  for (const auto& forbidden :
       {"\0"s, "\x1b"s, "\xff"s, "\xef\xbf\xbe"s, "\xef\xbf\xbf"s, "\xed\xa0\x80"s.substr(0, 1)}) {
    EXPECT_EQ(rules::xml_escaped("x" + forbidden + "y"), "x\xef\xbf\xbdy");
  }
}

}  // namespace
}  // namespace brownout::test
