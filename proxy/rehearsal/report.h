// Writes the report of a rehearsal as JSON, JUnit XML, Markdown and HTML. No I/O. The JSON form has
// a documented schema (docs/report.schema.json), and contains everything that is needed to run the
// rehearsal again.
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
  kNotMeasured,  // no expectation failed, but some were not measured or the scenario has none
  kStopped,
};

// The servers and the clock of a rehearsal. A report with embedded servers cannot be compared with
// a report with real servers.
struct Circumstances {
  std::string embedded;  // "well" or "badly" for embedded servers (Handling); "" for real ones
  bool virtual_time = false;
  friend bool operator==(const Circumstances&, const Circumstances&) = default;
};

struct Report {
  const rules::Scenario* scenario = nullptr;  // the rehearsed scenario; not owned
  Course course;
  std::vector<rules::Verdict> verdicts;
  std::vector<std::string> missed;  // rules that should have matched traffic but did not
  rules::Impact impact;
  std::string file;     // text of the rule file
  std::string path;     // path of the rule file
  std::string started;  // time of the start in UTC (ISO 8601)
  std::string version;  // version of Brownout that ran the rehearsal
  Circumstances circumstances;
  rules::Duration took{};  // duration of the rehearsal in real time
  std::string machine;     // the machine of the rehearsal, such as "lab7 (Linux, 2 processors)"

  Result result() const;
  // Returns the verdict in one line, such as "outage: 2 of 3 expectations met".
  std::string headline() const;
  // Returns the verdict in words, and which scenario ran when, for how long, on which machine, and
  // with which version and seed.
  std::string sentence() const;
};

// Judges the expectations of the scenario by the measurements in `course`. With
// `missed_rules_count`, the verdict is kNotMet if rules that should have matched traffic did not.
Report make_report(const rules::Scenario& scenario, Course course, bool missed_rules_count);

nlohmann::json to_json(const Report& report);
// Returns JUnit XML with one test case for each expectation.
std::string to_junit(const Report& report);
std::string to_markdown(const Report& report);
// Returns one HTML file without external resources; pictures are inline SVG.
std::string to_html(const Report& report);

// Returns "met", "NOT MET" or "NOT MEASURED".
std::string_view word_for(const rules::Verdict& verdict);
// Returns the measured value with its unit; "nothing" if none was measured.
std::string value_of(const rules::Expectation& wanted, const rules::Verdict& verdict);
// Returns the expectation in one line, beginning with its name in the scenario, if it has one.
std::string expectation_text(const rules::Verdict& verdict);

}  // namespace brownout::rehearsal
