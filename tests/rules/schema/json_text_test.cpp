#include "rules/schema/json_text.h"

#include <gtest/gtest.h>

#include <chrono>

namespace brownout::rules {
namespace {

JsonPointer at(const std::string& text) { return JsonPointer::parse(text).value(); }

std::string set(std::string json, const std::string& pointer, const std::string& value) {
  return set_json(json, at(pointer), value) ? json : "(unchanged)";
}

std::string removed(std::string json, const std::string& pointer) {
  return remove_json(json, at(pointer)) ? json : "(unchanged)";
}

std::string merged(std::string json, const std::string& patch) {
  return merge_json(json, patch) ? json : "(unchanged)";
}

TEST(JsonText, SetsValuesAndKeepsAllOtherBytes) {
  EXPECT_EQ(set(R"({ "b" : 1.50, "a":9007199254740993 })", "/b", "null"),
            R"({ "b" : null, "a":9007199254740993 })");
  EXPECT_EQ(set(R"({"items":[{"price":1},{"price":2}]})", "/items/1/price", "0"),
            R"({"items":[{"price":1},{"price":0}]})");
  EXPECT_EQ(set(R"({"a":1})", "/b", R"({"c":[]})"), R"({"a":1,"b":{"c":[]}})");
  EXPECT_EQ(set("{ }", "/b", "1"), R"({"b":1 })");
  EXPECT_EQ(set("[1,2 ]", "/-", "3"), "[1,2,3 ]");
  EXPECT_EQ(set("[ ]", "/-", "3"), "[3 ]");
  EXPECT_EQ(set(" 7 ", "", "8"), " 8 ");
  EXPECT_EQ(set("\xef\xbb\xbf{\"a\":1}", "/a", "2"), "\xef\xbb\xbf{\"a\":2}");
}

TEST(JsonText, SetsNothingWhereThereIsNoPlace) {
  EXPECT_EQ(set(R"({"a":1})", "/b/c", "1"), "(unchanged)");
  EXPECT_EQ(set(R"({"a":1})", "/a/c", "1"), "(unchanged)");
  EXPECT_EQ(set("[1]", "/1", "1"), "(unchanged)");
  EXPECT_EQ(set("[1]", "/00", "1"), "(unchanged)");
  EXPECT_EQ(set("[1]", "/a", "1"), "(unchanged)");
  EXPECT_EQ(set("[1]", "/99999999999999999999", "1"), "(unchanged)");
  EXPECT_EQ(set("5", "/a", "1"), "(unchanged)");
}

TEST(JsonText, FindsNamesAsTheyAreMeant) {
  EXPECT_EQ(set(R"({"a/b":1,"m~n":2,"":3,"\u00e9\"":4})", "/a~1b", "0"),
            R"({"a/b":0,"m~n":2,"":3,"\u00e9\"":4})");
  EXPECT_EQ(set(R"({"m~n":2})", "/m~0n", "0"), R"({"m~n":0})");
  EXPECT_EQ(set(R"({"":3})", "/", "0"), R"({"":0})");
  EXPECT_EQ(set(R"({"\u00e9\"":4})", "/é\"", "0"), R"({"\u00e9\"":0})");
  EXPECT_EQ(set(R"({"a":1,"a":2})", "/a", "0"), R"({"a":1,"a":0})") << "the last one counts";
  EXPECT_EQ(set(R"({"x":"}],\"a\":1","a":2})", "/a", "0"), R"({"x":"}],\"a\":1","a":0})");
}

TEST(JsonText, RemovesMembersAndElements) {
  EXPECT_EQ(removed(R"({"a":1, "b":2, "c":3})", "/a"), R"({"b":2, "c":3})");
  EXPECT_EQ(removed(R"({"a":1, "b":2, "c":3})", "/b"), R"({"a":1, "c":3})");
  EXPECT_EQ(removed(R"({"a":1, "b":2, "c":3})", "/c"), R"({"a":1, "b":2})");
  EXPECT_EQ(removed(R"({ "a":1 })", "/a"), "{ }");
  EXPECT_EQ(removed(R"({"a":1,"b":2,"a":3})", "/a"), R"({"b":2})") << "all of the name";
  EXPECT_EQ(removed("[[1,2],3]", "/0/1"), "[[1],3]");
  EXPECT_EQ(removed("[1]", "/-"), "(unchanged)");
  EXPECT_EQ(removed("{}", "/a"), "(unchanged)");
  EXPECT_EQ(removed("1", ""), "(unchanged)");
}

// The examples of RFC 7396, appendix A.
TEST(JsonText, MergesPatches) {
  EXPECT_EQ(merged(R"({"a":"b"})", R"({"a":"c"})"), R"({"a":"c"})");
  EXPECT_EQ(merged(R"({"a":"b"})", R"({"b":"c"})"), R"({"a":"b","b":"c"})");
  EXPECT_EQ(merged(R"({"a":"b"})", R"({"a":null})"), "{}");
  EXPECT_EQ(merged(R"({"a":"b","b":"c"})", R"({"a":null})"), R"({"b":"c"})");
  EXPECT_EQ(merged(R"({"a":["b"]})", R"({"a":"c"})"), R"({"a":"c"})");
  EXPECT_EQ(merged(R"({"a":"c"})", R"({"a":["b"]})"), R"({"a":["b"]})");
  EXPECT_EQ(merged(R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})"), R"({"a":{"b":"d"}})");
  EXPECT_EQ(merged(R"({"a":[{"b":"c"}]})", R"({"a":[1]})"), R"({"a":[1]})");
  EXPECT_EQ(merged(R"(["a","b"])", R"(["c","d"])"), R"(["c","d"])");
  EXPECT_EQ(merged(R"({"a":"b"})", R"(["c"])"), R"(["c"])");
  EXPECT_EQ(merged(R"({"a":"foo"})", "null"), "null");
  EXPECT_EQ(merged(R"({"a":"foo"})", R"("bar")"), R"("bar")");
  EXPECT_EQ(merged(R"({"e":null})", R"({"a":1})"), R"({"e":null,"a":1})");
  EXPECT_EQ(merged("[1,2]", R"({"a":"b","c":null})"), R"({"a":"b"})");
  EXPECT_EQ(merged("{}", R"({"a":{"bb":{"ccc":null}}})"), R"({"a":{"bb":{}}})");
  EXPECT_EQ(merged(R"({"a":1})", R"({"a":1,"b":null})"), "(unchanged)");
}

TEST(JsonText, KnowsWhatIsNotJson) {
  for (const std::string text : {"", " ", "{", "{}{}", "[1,]", "'a'", "\"\xff\"", "nul"})
    EXPECT_FALSE(is_json(text)) << text;
  EXPECT_FALSE(is_json(std::string("1\0 2", 4)));
  EXPECT_TRUE(is_json_object("\xef\xbb\xbf { }"));
  EXPECT_FALSE(is_json_object("[{}]"));
}

TEST(JsonText, ReadsPointers) {
  EXPECT_EQ(at("/a/~01/").names(), (std::vector<std::string>{"a", "~1", ""}));
  EXPECT_TRUE(at("").names().empty());
  EXPECT_FALSE(JsonPointer::parse("a/b"));
  EXPECT_FALSE(JsonPointer::parse("/a~"));
  EXPECT_FALSE(JsonPointer::parse("/a~2"));
}

TEST(JsonText, WritesPointersAsTheyAreRead) {
  for (const std::string text : {"", "/", "/a/0", "/~01~1/"}) EXPECT_EQ(at(text).to_text(), text);
}

TEST(JsonText, BoundsThePatch) {
  EXPECT_TRUE(is_merge_patch(R"({"a":{"b":1}})"));
  EXPECT_FALSE(is_merge_patch("{"));
  EXPECT_FALSE(is_merge_patch(std::string(100, '[') + std::string(100, ']')));
}

TEST(JsonText, KnowsTheGrammar) {
  for (const std::string_view text : {"0",
                                      "-0",
                                      "10.05e-3",
                                      "1E+9",
                                      "1e400",
                                      "-1e-400",
                                      "123456789012345678901234567890",
                                      "\"\"",
                                      R"("\ud800")",
                                      R"("\udc00\ud800\u00aF")",
                                      R"("\"\\\/\b\f\n\r\t")",
                                      "true",
                                      "false",
                                      "null",
                                      "[]",
                                      "[ ]",
                                      "{}",
                                      "{ }",
                                      " [1 , 2]\r\n",
                                      R"({"a":{"a":[{}]},"b":[[],null]})",
                                      "\"\xc3\xa9\"",
                                      "\xef\xbb\xbf{}"}) {
    EXPECT_TRUE(is_json(text)) << text;
  }
  using namespace std::string_view_literals;
  for (const std::string_view text : {"",          " ",
                                      "01",        "-",
                                      "+1",        "1.",
                                      ".5",        "1e",
                                      "1e+",       "0x1",
                                      "tru",       "nulll",
                                      "\"",        "\"\n\"",
                                      R"("\x")",   R"("\u12g4")",
                                      R"("\u123)", "[",
                                      "]",         "[1",
                                      "[1,]",      "[,1]",
                                      "[1 2]",     "{\"a\"}",
                                      "{\"a\":}",  "{\"a\":1,}",
                                      "{1:2}",     "{a:1}",
                                      "{\"a\":1]", "[1}",
                                      "1 2",       "{}{}",
                                      "\"\xff\"",  "\"\xed\xa0\x80\"",
                                      "// x\n1",   "NaN",
                                      "'a'"}) {
    EXPECT_FALSE(is_json(text)) << text;
  }
  EXPECT_FALSE(is_json("1\0"sv));
  EXPECT_FALSE(is_json("\"\0\""sv));
}

// Values that this program cannot read keep their bytes.
TEST(JsonText, EditsBesideNumbersOutOfRangeAndHalfSurrogates) {
  EXPECT_EQ(set(R"({"big":1e400,"half":"\ud800","a":1})", "/a", "2"),
            R"({"big":1e400,"half":"\ud800","a":2})");
  EXPECT_EQ(merged(R"({"\ud800":1e400,"a":1})", R"({"a":null,"b":2})"),
            R"({"\ud800":1e400,"b":2})");
}

// The peer chooses the depth, the number of members and their names.
TEST(JsonText, IsQuickOnHostileText) {
  const std::size_t deep = 300'000;
  const auto nested = std::string(deep, '[') + std::string(deep, ']');
  std::string same = "{";
  for (int i = 0; i < 150'000; ++i) same += "\"a\":1,";
  same += "\"b\":2}";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(is_json(nested));
  EXPECT_EQ(set(nested, "/0/0", "1"), "[[1]]");
  EXPECT_EQ(removed(same, "/a"), "{\"b\":2}");
  EXPECT_EQ(merged(same, R"({"a":null})"), "{\"b\":2}");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

}  // namespace
}  // namespace brownout::rules
