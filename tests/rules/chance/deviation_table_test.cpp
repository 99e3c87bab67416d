#include "rules/chance/deviation_table.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/virtual_world.h"

namespace brownout::rules {
namespace {

using namespace std::chrono_literals;
using test::config_with;
using test::first_problem_with;

std::string mistake_in_table(std::string_view text) {
  const auto table = DeviationTable::parse(text);
  return table ? "" : table.error().what;
}

TEST(DeviationTable, EachNumberIsDrawnEquallyOften) {
  const auto table = DeviationTable::parse(
      "# from iproute2\n -32768 -8192 0 # the middle\r\n\t4096\n\n8192 32767");
  ASSERT_TRUE(table);
  ASSERT_EQ(table->size(), 6U);
  const std::array<double, 6> expected{-4, -1, 0, 0.5, 1, 32767 / 8192.0};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(table->at(static_cast<double>(i) / 6 + 1e-9), expected.at(i));
    EXPECT_EQ(table->at(static_cast<double>(i + 1) / 6 - 1e-9), expected.at(i));
  }
  EXPECT_EQ(table->at(0), -4);
  EXPECT_EQ(table->at(1), 32767 / 8192.0);
}

TEST(DeviationTable, AnErrorNamesTheLineAndTheWord) {
  EXPECT_EQ(mistake_in_table(""), "the table has no numbers");
  EXPECT_EQ(mistake_in_table("# 1 2 3\n\n"), "the table has no numbers");
  EXPECT_EQ(mistake_in_table("1 2\n3 four"), "line 2: \"four\" is not a whole number");
  EXPECT_EQ(mistake_in_table("1.5"), "line 1: \"1.5\" is not a whole number");
  EXPECT_EQ(mistake_in_table("1\n\n32768"), "line 3: \"32768\" is out of range");
  EXPECT_EQ(mistake_in_table("-32769"), "line 1: \"-32769\" is out of range");
  EXPECT_EQ(mistake_in_table(std::string_view("1 \0002", 4)),
            "line 1: \" 2\" is not a whole number");
  EXPECT_EQ(mistake_in_table(std::string(1000, '9')),
            "line 1: \"" + std::string(40, '9') + "...\" is out of range");
}

TEST(DeviationTable, HasAtMostAsManyNumbersAsNetemTakes) {
  std::string text;
  for (std::size_t i = 0; i < DeviationTable::kMost; ++i) text += "1\n";
  EXPECT_EQ(mistake_in_table(text), "");
  EXPECT_EQ(mistake_in_table(text + "1"), "line 16385: the table has more than 16384 numbers");
}

// netem computes mean + jitter * number / 8192.
TEST(DeviationTable, DelaysAreTheMeanAndTheJitterTimesANumber) {
  const test::Files files{{"steps.dist", "-8192 0 4096 16384"}};
  const std::string rule = R"([[rule]]
fault = { type = "latency", delay = "100ms", jitter = "20ms", distribution_file = "steps.dist" })";
  test::VirtualWorld world(RuleSet::activate(config_with(files, rule).rules, 1, Instant{}),
                           test::flow_of(), Direction::kUpstream);
  constexpr int kChunks = 4000;
  for (int i = 0; i < kChunks; ++i) world.at(i * 1s).send("x");
  world.run();
  std::map<Duration, int> seen;
  for (int i = 0; i < kChunks; ++i) {
    ++seen[world.left()[static_cast<std::size_t>(i)].at - Instant(i * 1s)];
  }
  ASSERT_EQ(seen.size(), 4U);
  for (const auto delay : {80ms, 100ms, 110ms, 140ms}) EXPECT_NEAR(seen[delay], 1000, 120);
}

TEST(DeviationTable, CorrelationHoldsDelaysTogether) {
  std::string sorted;
  for (int i = -8192; i <= 8192; i += 16) sorted += std::to_string(i) + "\n";
  const auto changes = [&](const std::string& correlation) {
    const auto config = config_with({{"a", sorted}}, R"([[rule]]
fault = { type = "latency", delay = "1s", jitter = "1s", distribution_file = "a", correlation = ")" +
                                                         correlation + "\" }");
    test::VirtualWorld world(RuleSet::activate(config.rules, 1, Instant{}), test::flow_of(),
                             Direction::kUpstream);
    for (int i = 0; i < 500; ++i) world.at(i * 10s).send("x");
    world.run();
    double total = 0;
    Instant before{};
    for (int i = 0; i < 500; ++i) {
      const auto at = world.left()[static_cast<std::size_t>(i)].at - i * 10s;
      total += std::abs(std::chrono::duration<double>(at - before).count());
      before = at;
    }
    return total;
  };
  EXPECT_LT(changes("80%"), changes("0%") / 3);
}

TEST(DeviationTable, AFaultSaysWhichFileIsWrong) {
  const auto problem = [](const test::Files& files, const std::string& keys) {
    return first_problem_with(
        files, "[[rule]]\nfault = { type = \"latency\", delay = \"1s\", " + keys + " }");
  };
  const std::string file = "jitter = \"1ms\", distribution_file = \"a.dist\"";
  EXPECT_EQ(problem({{"a.dist", "1"}}, file), "");
  EXPECT_EQ(problem({}, file), "distribution_file: a.dist: No such file or directory");
  EXPECT_EQ(problem({{"a.dist", "x"}}, file),
            "distribution_file: a.dist: line 1: \"x\" is not a whole number");
  EXPECT_EQ(problem({{"a.dist", ""}}, file), "distribution_file: a.dist: the table has no numbers");
  EXPECT_EQ(problem({{"a.dist", "1"}}, "distribution_file = \"a.dist\""),
            "distribution_file has no effect without jitter");
  EXPECT_EQ(problem({{"a.dist", "1"}}, file + ", distribution = \"normal\""),
            "distribution and distribution_file exclude each other");
  EXPECT_EQ(problem({}, "distribution_file = \"\""), "distribution_file: is empty");
  EXPECT_EQ(problem({}, "distribution_file = 1"),
            "distribution_file: expected the path of a file, found a whole number");
  EXPECT_EQ(test::first_problem_of("[[rule]]\nfault = { type = \"latency\", delay = \"1s\", " +
                                   file + " }"),
            "distribution_file: files cannot be read in this context");
}

// A changed file changes the rule, so that a reload takes effect.
TEST(DeviationTable, ARuleIsKeptOnlyWhileItsFileIsUnchanged) {
  const auto definition = [](const std::string& table) {
    const auto config = config_with({{"a", table}}, R"([[rule]]
fault = { type = "latency", delay = "1s", jitter = "1s", distribution_file = "a" })");
    return config.rules.front().definition;
  };
  EXPECT_EQ(definition("1 2"), definition("1 2"));
  EXPECT_NE(definition("1 2"), definition("1 3"));
}

}  // namespace
}  // namespace brownout::rules
