// The report of a rehearsal, in the forms that people and machines read. Pure: text out of values;
// the JSON form has a documented schema (docs/report.schema.json) and holds all that is needed to
// run it again.
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
  kNotMeasured,  // of one expectation at least, and nothing is not met; or nothing was expected
  kStopped,
};

// What the servers were, and the pace: another rehearsal than this is no comparison.
struct Circumstances {
  std::string embedded;  // "well" or "badly": servers that stand in for the file's; "": its own
  bool virtual_time = false;
  friend bool operator==(const Circumstances&, const Circumstances&) = default;
};

struct Report {
  const rules::Scenario* scenario = nullptr;  // borrowed
  Course course;
  std::vector<rules::Verdict> verdicts;
  std::vector<std::string> missed;  // rules that should have matched somebody
  rules::Impact impact;
  std::string file;     // the text that was rehearsed
  std::string path;     // where it was
  std::string started;  // UTC, ISO 8601
  std::string version;  // of brownout
  Circumstances circumstances;

  Result result() const;
  std::string headline() const;
};

Report make_report(const rules::Scenario& scenario, Course course, bool missed_rules_count);

nlohmann::json to_json(const Report& report);
// JUnit XML: a test case for each expectation.
std::string to_junit(const Report& report);
std::string to_markdown(const Report& report);
// One file, nothing fetched; pictures are SVG.
std::string to_html(const Report& report);

// "met", "NOT MET" or "NOT MEASURED".
std::string_view word_for(const rules::Verdict& verdict);
std::string value_of(const rules::Expectation& wanted, const rules::Verdict& verdict);
// What was expected, behind the name that the scenario gives it, if any: on one line.
std::string expectation_text(const rules::Verdict& verdict);

}  // namespace brownout::rehearsal
