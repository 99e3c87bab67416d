// Tests the pages of reports, comparisons and trends, and the bodies of webhooks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "proxy/rehearsal/grouped.h"
#include "proxy/rehearsal/live_course.h"
#include "proxy/rehearsal/read_report.h"
#include "proxy/rehearsal/trend.h"
#include "proxy/rehearsal/webhook_body.h"
#include "tests/support/rehearsal_world.h"

namespace brownout::test {
namespace {

using namespace rehearsal;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::string kPages = calm("20s") + outage_and_recovery("40s", "30s") + kChatIsGone +
                           kHastyUser +
                           "[[expect]]\nname = \"they talk\"\nmetric = \"availability\"\n"
                           "at_least = \"99%\"\n";

TEST(ReportPages, NumbersAreGrouped) {
  EXPECT_EQ(grouped(std::uint64_t{7}), "7");
  EXPECT_EQ(grouped(std::uint64_t{139968000}), "139,968,000");
  EXPECT_EQ(grouped(1234.56, 1), "1,234.6");
  EXPECT_EQ(grouped(1e300, 1), "1e+300");
  EXPECT_EQ(grouped(-1.0, 0), "-1");
}

TEST(ReportPages, BeginWithOneSentence) {
  auto done = rehearse(kPages);
  done.report.version = "0.1.0";
  done.report.machine = "lab7 (Linux 6.1, 2 processors)";
  done.report.circumstances = {"well", true};
  EXPECT_EQ(done.report.sentence(),
            "\"lab\" failed 1 of its 1 expectation: it started on 2026-01-01 at 00:00:00 UTC, ran "
            "for 1m30s of virtual time on lab7 (Linux 6.1, 2 processors), against embedded servers "
            "(--embedded well), with Brownout 0.1.0 and seed 5.");
  EXPECT_THAT(to_html(done.report), HasSubstr("<p id=\"summary\">&quot;lab&quot; failed 1"));
  EXPECT_THAT(to_markdown(done.report), HasSubstr("\n\"lab\" failed 1"));
  EXPECT_EQ(to_json(done.report).at("sentence"), done.report.sentence());
}

TEST(ReportPages, SayWhichErrorsCameInWhichPhaseAndWhoLostWhat) {
  const auto done = rehearse(kPages);
  const auto report = to_json(done.report);
  ASSERT_FALSE(report.at("errors").empty());
  for (const auto& error : report.at("errors")) EXPECT_EQ(error.at("phase"), "outage") << error;
  ASSERT_FALSE(report.at("lost_messages").empty());
  const auto& loss = report.at("lost_messages")[0];
  EXPECT_EQ(loss.at("probe"), "p");
  EXPECT_EQ(loss.at("user"), 1);
  EXPECT_GT(loss.at("message"), 1);
  EXPECT_GE(loss.at("at_s"), 20);
  const auto page = to_html(done.report);
  EXPECT_THAT(page, HasSubstr("<table id=\"errors\">"));
  EXPECT_THAT(page, HasSubstr("<table id=\"losses\">"));
  EXPECT_THAT(page, HasSubstr("<td>p 1</td><td>number "));
  EXPECT_THAT(to_markdown(done.report), HasSubstr("| outage |"));
}

TEST(ReportPages, HaveLandmarksAndEndWithTheRuleFile) {
  const auto page = to_html(rehearse(kPages).report);
  for (const auto* part :
       {"<header>", "<nav aria-label=", "<main>", "<section id=\"expectations\""})
    EXPECT_THAT(page, HasSubstr(part));
  EXPECT_GT(page.find("<section id=\"file\""), page.find("<section id=\"impact\""));
  EXPECT_THAT(page, HasSubstr("name = &quot;they talk&quot;"));
  EXPECT_THAT(page, Not(HasSubstr("<details")));
}

json run_of(const std::string& started, double value, bool met, const std::string& name = "lab") {
  return {{"format", "brownout-report-1"},
          {"scenario", name},
          {"started", started},
          {"expectations",
           {{{"name", "they | talk"},
             {"metric", "availability"},
             {"wanted", "availability at least 99%"},
             {"more_is_better", true},
             {"met", met},
             {"measured", true},
             {"value", value}}}}};
}

TEST(ReportPages, AComparisonIsAlsoMarkdownAndHtml) {
  const auto before = *read_report(run_of("2026-01-01T00:00:00Z", 0.99, true));
  const auto after = *read_report(run_of("2026-01-02T00:00:00Z", 0.5, false));
  const auto done = *compare(before, after, 0.05);
  EXPECT_THAT(to_markdown(done), HasSubstr("| **WORSE** | they \\| talk | 99% | 50% |"));
  EXPECT_THAT(to_html(done), HasSubstr("lab: something got worse</h1>"));
  EXPECT_THAT(to_html(done), HasSubstr("availability at least 99%"));
}

TEST(ReportPages, ATrendHasTheRunsOfOneScenarioInOrder) {
  const std::vector<ReadReport> reports{*read_report(run_of("2026-01-03T00:00:00Z", 0.5, false)),
                                        *read_report(run_of("2026-01-01T00:00:00Z", 1, true)),
                                        *read_report(run_of("2026-01-02T00:00:00Z", 1, true, "x"))};
  const auto trend = trend_of(reports, "availability");
  ASSERT_TRUE(trend);
  EXPECT_EQ(to_text(*trend),
            "lab: 2 runs\n(left out: 1 report of other scenarios)\n\nthey | talk\n"
            "  availability at least 99%\n"
            "  2026-01-01 00:00:00  met                100%  ##############################\n"
            "  2026-01-03 00:00:00  NOT MET             50%  ###############\n");
  EXPECT_THAT(to_markdown(*trend), HasSubstr("| 2026-01-03 00:00:00 | NOT MET | 50% |"));
  EXPECT_THAT(to_html(*trend), HasSubstr("<polyline class=\"line\""));
  EXPECT_FALSE(trend_of(reports, "latency_p99"));
  EXPECT_FALSE(trend_of({}, ""));
}

TEST(WebhookBody, SlackGetsASentenceWithALinkToTheReport) {
  const rules::Webhook slack{.url = "",
                             .format = rules::WebhookFormat::kSlack,
                             .report = "https://ci.example/{run}/report.html"};
  EXPECT_EQ(webhook_body(slack, {{"event", "begin"},
                                 {"rehearsal", "a <b>"},
                                 {"phases", 3},
                                 {"length", "6h"},
                                 {"seed", 7}}),
            "{\"text\":\"*a &lt;b&gt;* begins: 3 phases in 6h, seed 7\"}");
  EXPECT_EQ(webhook_body(slack, {{"event", "end"}, {"sentence", "It met all."}, {"run", "r1"}}),
            "{\"text\":\"It met all. <https://ci.example/r1/report.html|Report>\"}");
  const auto plain = json::parse(webhook_body(
      {.url = ""}, {{"event", "end"}, {"run", "r1"}, {"report", "report/r1/report.html"}}));
  EXPECT_EQ(plain, json::parse(R"({"event": "end", "report": "report/r1/report.html"})"));
}

TEST(LiveCourse, HasThePhasesAndTheUsersSuccessNow) {
  json during;
  json after;
  rehearse(kPages, Handling::kWell, false, [&](const Runner& runner) {
    if (runner.phases().empty()) return;
    auto& seen = runner.phases().back().phase == 1 ? during : after;
    seen = json::parse(course_of(runner).dump());
  });
  EXPECT_EQ(during.at("name"), "lab");
  EXPECT_EQ(during.at("phases")[0].at("state"), "done");
  EXPECT_EQ(during.at("phases")[1].at("state"), "running");
  EXPECT_EQ(during.at("phases")[2].at("state"), "planned");
  EXPECT_GT(during.at("probes")[0].at("now").at("failed"), 0);
  EXPECT_GT(after.at("probes")[0].at("now").at("ok"), 0);
}

}  // namespace
}  // namespace brownout::test
