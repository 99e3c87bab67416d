// Tests the expectations of `brownout run`, which are written as sentences.
#include "rules/rehearsal/expect_sentence.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/rehearsal/verdict.h"

namespace brownout::test {
namespace {

using testing::HasSubstr;

rules::ScenarioSurroundings around() {
  return {.rules = {"the broker is gone", "x"},
          .listeners = {"web", "chat"},
          .without_requests = {"chat"},
          .change = {},
          .users = false};
}

// The expectation in the words of its verdict; or the first problem.
std::string read(const std::string& sentence) {
  rules::Diagnostics problems;
  rules::Scenario scenario;
  scenario.expectations = rules::read_sentences({{sentence}}, around(), problems);
  if (!problems.empty()) return problems.sorted().front().what;
  return rules::judge(scenario, {}).at(0).wanted;
}

TEST(ExpectSentence, IsReadInTheWordsOfItsVerdict) {
  for (const std::string sentence :
       {"rule_hits of x at least 1", "rule_hits of the broker is gone, x at most 3",
        "availability at web at least 99.5%", "latency_p99 at web at most 300ms",
        "share at web, chat of server 127.0.0.1:7002 at most 10%"}) {
    EXPECT_EQ(read(sentence), sentence);
  }
  EXPECT_EQ(read("rule_hits of \"the broker is gone\", 'x' at least 1"),
            "rule_hits of the broker is gone, x at least 1");
  EXPECT_EQ(read(" rule_hits  of x at\tleast 1 "), "rule_hits of x at least 1");
}

TEST(ExpectSentence, SaysWhatIsWrong) {
  EXPECT_EQ(read(""), "the expectation is empty");
  EXPECT_EQ(read("hits of x at least 1"), "there is no metric \"hits\"");
  EXPECT_EQ(read("rule_hits of y at least 1"), "there is no rule \"y\"");
  EXPECT_EQ(read("rule_hits at least 1"), "rule_hits needs the name of a rule");
  EXPECT_EQ(read("rule_hits of x"), "the expectation has no limit");
  EXPECT_EQ(read("rule_hits of x at least -1"), "at_least: a count cannot be negative");
  EXPECT_EQ(read("rule_hits of x at least"),
            "the value after \"at least\" or \"at most\" is missing");
  EXPECT_EQ(read("rule_hits of at least 1"), "a name is missing");
  EXPECT_EQ(read("rule_hits of"), "the expectation ends too early");
  EXPECT_EQ(read("rule_hits x at least 1"), "unexpected \"x\"");
  EXPECT_THAT(read("rule_hits of x at least 5%"), HasSubstr("at_least: "));
  EXPECT_EQ(read("availability at least 99%"), "availability needs the name of a listener");
  EXPECT_EQ(read("availability at wbe at least 99%"), "there is no listener \"wbe\"");
  EXPECT_THAT(read("availability at chat at least 99%"),
              HasSubstr("availability cannot be measured at \"chat\""));
  EXPECT_EQ(read("share at web at least 10%"), "share needs the address of a server");
  EXPECT_THAT(read("time_to_recover at most 1m"), HasSubstr("cannot be measured by `run`"));
}

TEST(ExpectSentence, HintsNameOnlyWhatARunCanMeasure) {
  for (const std::string sentence :
       {"availability at chat at least 99%", "share at web at least 10%", "rule_hits at least 1",
        "hits of x at least 1", "availability at least 99%", "time_to_recover at most 1m"}) {
    rules::Diagnostics problems;
    EXPECT_TRUE(rules::read_sentences({{sentence}}, around(), problems).empty());
    for (const auto& problem : problems.sorted()) {
      for (const auto* unable : {"probe", "endpoint", "reconnect_rate", "time_to"}) {
        EXPECT_THAT(problem.hint, testing::Not(HasSubstr(unable))) << sentence;
      }
    }
  }
}

TEST(ExpectSentence, PointsAtTheMistake) {
  rules::Diagnostics problems;
  const std::vector<std::string> sentences{"rule_hits of x at least 1",
                                           "rule_hits of y at least 1"};
  EXPECT_EQ(rules::read_sentences(sentences, around(), problems).size(), 1U);
  const auto found = problems.sorted().front();
  EXPECT_EQ(found.where, (rules::Position{2, 14}));
  EXPECT_THAT(found.hint, HasSubstr("allowed: "));
}

}  // namespace
}  // namespace brownout::test
