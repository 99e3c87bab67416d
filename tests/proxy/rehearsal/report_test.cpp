// Tests reports: writing any content, reading any input, and comparing two reports.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "proxy/formats/json_text.h"
#include "proxy/rehearsal/read_report.h"
#include "rules/base/valid_text.h"
#include "tests/support/rehearsal_world.h"

namespace brownout::test {
namespace {

using namespace rehearsal;
using testing::HasSubstr;

struct Compared {
  double value = 0;
  bool met = true;
  const char* metric = "availability";
  bool more_is_better = true;
  bool measured = true;
  std::optional<double> of = {};
};

nlohmann::json report_of(const Compared& values, const std::string& scenario = "lab",
                         const std::string& embedded = "") {
  nlohmann::json expectation{
      {"name", values.metric},       {"metric", values.metric},
      {"value", values.value},       {"met", values.met},
      {"measured", values.measured}, {"more_is_better", values.more_is_better}};
  if (values.of) expectation["of"] = *values.of;
  return {{"format", "brownout-report-1"},
          {"scenario", scenario},
          {"embedded", embedded},
          {"expectations", {expectation}}};
}

std::string compared_reports(const nlohmann::json& before, const nlohmann::json& after) {
  const auto done = compare(*read_report(before), *read_report(after), 0.05);
  if (!done) return "error: " + done.error().what;
  return done->text() + (done->regressed ? "regressed" : "");
}
std::string compared(const Compared& before, const Compared& after) {
  return compared_reports(report_of(before), report_of(after));
}

TEST(Report, ComparesTwoReports) {
  EXPECT_EQ(compared({0.99}, {0.98}), "same     availability: 99% -> 98%\n");
  EXPECT_EQ(compared({0.99}, {0.80}), "WORSE    availability: 99% -> 80%\nregressed");
  EXPECT_EQ(compared({0.99}, {0.99, false}), "WORSE    availability: 99% -> 99%\nregressed");
  EXPECT_EQ(compared({0.5}, {0.9}), "better   availability: 50% -> 90%\n");
  EXPECT_EQ(compared({0.99}, {.met = false, .measured = false}),
            "unknown  availability: 99% -> not measured\nregressed");
  EXPECT_EQ(compared({.value = 0.25, .metric = "latency_p99", .more_is_better = false},
                     {.value = 0.1, .metric = "latency_p99", .more_is_better = false}),
            "better   latency_p99: 250ms -> 100ms\n");
}

TEST(Report, ANewExpectationThatIsNotMetIsListed) {
  auto after = report_of({0.99});
  after["expectations"].push_back(
      report_of({.value = 0.1, .met = false, .metric = "share"})["expectations"][0]);
  EXPECT_THAT(compared_reports(report_of({0.99}), after),
              HasSubstr("new      share: 10% (NOT MET)"));
}

TEST(Report, DifferencesWithinTheNoiseAreTheSame) {
  const auto latency = [](double value) {
    return Compared{.value = value, .metric = "latency_p99", .more_is_better = false};
  };
  EXPECT_EQ(compared(latency(0.0039), latency(0.0049)), "same     latency_p99: 3.9ms -> 4.9ms\n");
  EXPECT_EQ(compared(latency(0.1), latency(0.111)),
            "WORSE    latency_p99: 100ms -> 111ms\nregressed");
  auto before = report_of({.value = 1, .metric = "time_to_recover", .more_is_better = false});
  auto after = report_of({.value = 6, .metric = "time_to_recover", .more_is_better = false});
  EXPECT_EQ(compared_reports(before, after), "WORSE    time_to_recover: 1s -> 6s\nregressed");
  after["time_scale"] = 60;
  EXPECT_EQ(compared_reports(before, after), "same     time_to_recover: 1s -> 6s\n");
}

TEST(Report, HugeValuesArePrintedInShortForm) {
  for (const auto* metric : {"availability", "latency_p99", "messages_lost", "attempt_rate"}) {
    const Compared huge{.value = 1e308, .metric = metric, .more_is_better = false, .of = 1e308};
    EXPECT_THAT(compared(huge, huge), HasSubstr("same     ")) << metric;
    EXPECT_THAT(compared(huge, huge), HasSubstr(": 1e+308")) << metric;
    EXPECT_LT(compared(huge, huge).size(), 80U) << metric;
  }
}

TEST(Report, AFallThatMayHaveOtherCausesIsNotBetter) {
  const Compared lost{.value = 30, .metric = "messages_lost", .more_is_better = false, .of = 300};
  auto fewer_sent = lost;
  fewer_sent.value = 10;
  fewer_sent.of = 100;
  EXPECT_EQ(compared(lost, fewer_sent), "changed  messages_lost: 30 of 300 -> 10 of 100\n");
  const Compared rate{.value = 9, .metric = "attempt_rate", .more_is_better = false};
  auto lower = rate;
  lower.value = 3;
  EXPECT_EQ(compared(rate, lower), "changed  attempt_rate: 9/s -> 3/s\n");
  EXPECT_EQ(compared(lower, rate), "WORSE    attempt_rate: 3/s -> 9/s\nregressed");
}

TEST(Report, UnrelatedReportsAreNotCompared) {
  const Compared values{0.99};
  EXPECT_THAT(compared_reports(report_of(values), report_of(values, "another")),
              HasSubstr("the reports cannot be compared"));
  EXPECT_THAT(compared_reports(report_of(values), report_of({.metric = "share"})),
              HasSubstr("the reports cannot be compared"));
  EXPECT_THAT(compared_reports(report_of(values), report_of(values, "lab", "badly")),
              HasSubstr("against the servers in the rule file, the other against embedded servers "
                        "(--embedded badly)"));
  EXPECT_THAT(compared_reports(report_of(values, "lab", "well"), report_of(values, "lab", "badly")),
              testing::StartsWith("note     embedded servers (--embedded well) before"));
}

TEST(Report, MembersOfWrongTypesDoNotThrow) {
  const nlohmann::json good = report_of({0.99});
  ASSERT_TRUE(read_report(good));
  const std::vector<nlohmann::json> others{
      5, "text", true, nullptr, nlohmann::json::array({1}), nlohmann::json::object(), -1, 1.5};
  const auto never_throws = [&](const nlohmann::json& report) {
    EXPECT_NO_THROW(static_cast<void>(read_report(report))) << report;
  };
  for (const auto& other : others) {
    never_throws(other);
    for (const auto* member : {"format", "scenario", "path", "file", "seed", "embedded",
                               "virtual_time", "expectations"}) {
      auto report = good;
      report[member] = other;
      never_throws(report);
    }
    for (const auto* member :
         {"name", "metric", "value", "of", "met", "measured", "more_is_better"}) {
      auto report = good;
      report["expectations"][0][member] = other;
      never_throws(report);
    }
    auto report = good;
    report["expectations"][0] = other;
    EXPECT_FALSE(read_report(report) && !other.is_object()) << report;
  }
  EXPECT_FALSE(parse_report("no JSON"));
  EXPECT_FALSE(parse_report(""));
}

TEST(Report, ShowsTheNameOfAnExpectation) {
  const auto done = rehearse(
      "[[phase]]\nname = \"calm\"\nfor = \"10s\"\n"
      "[[probe]]\nname = \"p\"\nevery = \"3s\"\nendpoints = [\"chat\"]\n"
      "[[expect]]\nname = \"they | talk\"\nmetric = \"availability\"\nat_least = \"1%\"\n"
      "[[expect]]\nmetric = \"availability\"\nat_least = \"2%\"\n");
  const auto& verdicts = done.report.verdicts;
  EXPECT_EQ(expectation_text(verdicts[0]), "they | talk: " + verdicts[0].wanted);
  EXPECT_EQ(expectation_text(verdicts[1]), verdicts[1].wanted);
  EXPECT_THAT(to_markdown(done.report), HasSubstr("| met | they \\| talk: availability"));
  EXPECT_THAT(to_markdown(done.report), HasSubstr("| met | availability"));
  EXPECT_THAT(to_html(done.report), HasSubstr("they | talk"));
  EXPECT_THAT(to_junit(done.report), HasSubstr("name=\"they | talk\""));
}

// The text of a webhook may contain anything, and may be cut at any byte.
TEST(Report, IsValidUtf8WhateverTextItContains) {
  auto done = rehearse(
      "[[phase]]\nname = \"calm\"\nfor = \"10s\"\n"
      "[[probe]]\nname = \"p\"\nevery = \"3s\"\nendpoints = [\"chat\"]\n"
      "[[expect]]\nmetric = \"availability\"\nat_least = \"1%\"\n");
  done.report.verdicts.front().evidence = "cut: \xc3";
  done.report.course.stopped = "\xff\xfe";
  const auto text = codecs::json_text(to_json(done.report));
  EXPECT_THAT(text, HasSubstr("cut: \xef\xbf\xbd"));
  for (const auto& form : {text, to_html(done.report), to_junit(done.report)}) {
    EXPECT_EQ(rules::valid_text(form), form);
  }
}

}  // namespace
}  // namespace brownout::test
