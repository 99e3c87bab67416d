// Tests presets that stand for the keys of one rule.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/language/load_toml.h"
#include "rules/language/presets.h"
#include "tests/support/http_lab.h"
#include "tests/support/message_lab.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;

std::string preset_rule(const std::string& name, const std::string& keys = "") {
  return "[[rule]]\nname = \"model\"\n" + keys + "\npreset = \"" + name + "\"";
}

TEST(RulePresets, EachFitsAListenerOfEventStreams) {
  for (const auto& preset : rules::rule_presets()) {
    SCOPED_TRACE(preset.name);
    const auto rule = preset_rule(std::string(preset.name), "probability = \"10%\"");
    EXPECT_EQ(first_problem_of(rule, "sse"), "");
    EXPECT_NE(first_problem_of(rule, "tcp"), "");
  }
}

TEST(RulePresets, ARefusalTellsWhenToComeBackAndPunishesWhoDoesNotWait) {
  for (const auto& [preset, answer] :
       {std::pair("llm-429", "429 {\"type\":\"error\",\"error\":{\"type\":\"rate_limit_error\""),
        {"llm-overloaded", "529 {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\""}}) {
    HttpLab lab(preset_rule(preset), 1, "sse");
    EXPECT_THAT(lab.ask("POST", "/v1/messages"), HasSubstr(answer));
    EXPECT_THAT(lab.to_client_bytes(), HasSubstr("retry-after: 5\r\n"));
    EXPECT_EQ(lab.get("/v1/models"), "200 hello");
  }
}

TEST(RulePresets, AnAnswerLacksItsLastEvent) {
  for (const std::string last :
       {"data: [DONE]\n\n", "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
        "event: response.completed\ndata: {\"type\": \"response.completed\",\"n\":1}\n\n"}) {
    MessageLab lab("sse", preset_rule("llm-no-done"));
    lab.from_server("data: {\"type\":\"text\",\"text\":\"[DONE] message_stop\"}\n\n" + last);
    EXPECT_EQ(lab.at_client(), "data: {\"type\":\"text\",\"text\":\"[DONE] message_stop\"}\n\n");
    EXPECT_EQ(lab.client_ends, 1) << last;
  }
}

TEST(RulePresets, EachStreamFallsSilentAfterFiveEvents) {
  for (int stream = 0; stream < 2; ++stream) {
    MessageLab lab("sse", preset_rule("llm-stall"));
    for (int i = 0; i < 7; ++i) lab.from_server("data: " + std::to_string(i) + "\n\n");
    lab.server_finishes();
    EXPECT_EQ(lab.at_client(), "data: 0\n\ndata: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n\n");
    EXPECT_EQ(lab.client_ends, 0);
    EXPECT_EQ(lab.closed, "");
  }
}

TEST(RulePresets, APresetOfStreamsNamesTheProtocolThatItNeeds) {
  for (const std::string name : {"llm-no-done", "llm-stall"}) {
    EXPECT_EQ(first_problem_of(preset_rule(name), "http"),
              "preset \"" + name +
                  "\" acts on event streams, and no listener that the rule matches reads them");
    EXPECT_EQ(first_problem_of(preset_rule(name), "ndjson"), "");
  }
}

TEST(RulePresets, AShortStreamEndsAsItShould) {
  MessageLab lab("sse", preset_rule("llm-stall"));
  lab.from_server("data: 0\n\n");
  lab.server_finishes();
  EXPECT_EQ(lab.client_ends, 1);
}

TEST(RulePresets, AnAnswerIsSlow) {
  HttpLab lab(preset_rule("llm-slow"), 1, "sse");
  lab.reply = "HTTP/1.1 200 OK\r\nContent-Length: 2048\r\n\r\n" + std::string(2048, 'x');
  EXPECT_THAT(lab.ask("POST", "/v1/messages"), testing::EndsWith(" in 2s"));
}

TEST(RulePresets, KeysOfTheRuleStay) {
  MessageLab lab("sse", preset_rule("llm-no-done", "match = { text = \"end\" }"));
  lab.from_server("data: [DONE]\n\ndata: end\n\n");
  EXPECT_EQ(lab.at_client(), "data: [DONE]\n\n");
  EXPECT_EQ(first_problem_of(preset_rule("llm-429", "fault = { type = \"abort\" }"), "sse"),
            "[[rule]] has both preset and fault");
  EXPECT_EQ(first_problem_of(preset_rule("llm-42"), "sse"), "unknown preset \"llm-42\"");
}

}  // namespace
}  // namespace brownout::test
