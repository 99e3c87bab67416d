// The report of a rehearsal as JSON, JUnit XML, Markdown and HTML. Pure: makes text from values.
// The JSON form has a documented schema (docs/report.schema.json), and contains everything that is
// needed to run the rehearsal again.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/rehearsal/runner.h"
#include "rules/rehearsal/impact.h"
#include "rules/rehearsal/verdict.h"

namespace brownout::rehearsal {

inline constexpr std::string_view kReportFormat = "brownout-report-1";

enum class Result {
  kMet,
  kNotMet,
  kNotMeasured,  // none failed, but some were not measured; or there are no expectations
  kStopped,
};

// The servers and the pace of a run, which limit the reports that it can be compared with.
struct Circumstances {
  std::string embedded;  // "well" or "badly": embedded servers; "": those of the file
  bool virtual_time = false;
  friend bool operator==(const Circumstances&, const Circumstances&) = default;
};

struct Report {
  const rules::Scenario* scenario = nullptr;  // borrowed
  Course course;
  std::vector<rules::Verdict> verdicts;
  std::vector<std::string> missed;  // rules that should have matched and did not
  rules::Impact impact;
  std::string file;     // text of the rule file
  std::string path;     // path of the rule file
  std::string started;  // UTC, ISO 8601
  std::string version;  // version of Brownout
  Circumstances circumstances;
  rules::Duration took{};  // real time
  std::string machine;     // "lab7 (Linux, 2 processors)"

  Result result() const;
  std::string headline() const;
  // The verdict, and what ran when, for how long, where, and with which version and seed.
  std::string sentence() const;
};

Report make_report(const rules::Scenario& scenario, Course course, bool missed_rules_count);

nlohmann::json to_json(const Report& report);
// JUnit XML: one test case for each expectation.
std::string to_junit(const Report& report);
std::string to_markdown(const Report& report);
// One HTML file without external resources; pictures are inline SVG.
std::string to_html(const Report& report);

// "met", "NOT MET" or "NOT MEASURED".
std::string_view word_for(const rules::Verdict& verdict);
std::string value_of(const rules::Expectation& wanted, const rules::Verdict& verdict);
// The expectation on one line, after its name in the scenario, if any.
std::string expectation_text(const rules::Verdict& verdict);

}  // namespace brownout::rehearsal
