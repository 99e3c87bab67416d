#include <gtest/gtest.h>

#include "rules/match/match.h"
#include "rules/protocols/sse/sse_message.h"
#include "tests/support/virtual_world.h"

namespace brownout::test {
namespace {

bool selects(const std::string& json, const std::string& text, bool event = true) {
  const auto config =
      config_of("[[rule]]\nmatch = { json = " + json + " }\nfault = { type = \"drop\" }", "sse");
  auto view = std::make_shared<rules::SseMessage>();
  view->kind = event ? rules::SseKind::kEvent : rules::SseKind::kComment;
  const rules::Message message{.protocol = &rules::SseMessage::protocol(), .view = view};
  const auto payload = std::as_bytes(std::span(text));
  return config.rules.front().match.matches(message, payload, nullptr);
}

TEST(JsonKey, ComparesTheValueAtEachPointer) {
  EXPECT_TRUE(selects(R"({ "/a/b" = "x*" })", R"({"a":{"b":"xyz"}})"));
  EXPECT_FALSE(selects(R"({ "/a/b" = "x*" })", R"({"a":{"b":"y"}})"));
  EXPECT_FALSE(selects(R"({ "/a/b" = "*" })", R"({"a":{"c":"y"}})"));
  EXPECT_TRUE(selects(R"({ "/a" = "*" })", R"({"a":{"c":"y"}})"));
  EXPECT_TRUE(selects(R"({ "/a" = "~^y$", "/b" = 3 })", R"({"b":3,"a":"\u0079"})"));
  EXPECT_FALSE(selects(R"({ "/a" = "y", "/b" = 3 })", R"({"b":4,"a":"y"})"));
  EXPECT_TRUE(
      selects(R"({ "/a" = false, "/b" = 1.5, "/c" = "null" })", R"({"a":false,"b":1.5,"c":null})"));
  EXPECT_TRUE(selects(R"({ "" = "a" })", R"( "a" )"));
}

TEST(JsonKey, MatchesNothingThatIsNotJson) {
  EXPECT_FALSE(selects(R"({ "" = "*" })", ""));
  EXPECT_FALSE(selects(R"({ "" = "*" })", "{"));
  EXPECT_FALSE(selects(R"({ "" = "*" })", "1 2"));
  EXPECT_FALSE(selects(R"({ "" = "*" })", "1", false));
  // A hostile depth is no trouble.
  EXPECT_FALSE(selects(R"({ "/0" = "1" })", std::string(1 << 20, '[')));
}

TEST(JsonKey, ReportsMistakes) {
  const auto problem = [](const std::string& json) {
    return first_problem_of(
        "[[rule]]\nmatch = { json = " + json + " }\nfault = { type = \"drop\" }", "ndjson");
  };
  EXPECT_EQ(problem("{ \"/a\" = 1 }"), "");
  EXPECT_EQ(problem("\"a\""), "json: expected a table, found a string");
  EXPECT_EQ(problem("{}"), "json is empty, so it selects nothing");
  EXPECT_EQ(problem("{ a = 1 }"),
            "json: \"a\" is not a JSON pointer, because it does not begin with /");
  EXPECT_NE(problem("{ \"/a\" = [1] }"), "");
  EXPECT_NE(problem("{ \"/a\" = \"~(\" }"), "");
  EXPECT_NE(problem("{ \"/a\" = 1979-05-27 }"), "");
}

}  // namespace
}  // namespace brownout::test
