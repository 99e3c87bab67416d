// The report of a rehearsal, in the forms that people and machines read. Pure: text out of values;
// the JSON form has a documented schema (docs/report.schema.json) and holds all that is needed to
// run it again.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "proxy/rehearsal/runner.h"
#include "rules/rehearsal/impact.h"
#include "rules/rehearsal/verdict.h"

namespace brownout::rehearsal {

enum class Result { kMet, kNotMet, kStopped };

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

  Result result() const;
  std::string headline() const;
};

Report make_report(const rules::Scenario& scenario, Course course, bool missed_rules_count);

nlohmann::json to_json(const Report& report);
// Whether that is what to_json wrote.
bool is_report(const nlohmann::json& value);
// JUnit XML: a test case for each expectation.
std::string to_junit(const Report& report);
std::string to_markdown(const Report& report);
// One file, nothing fetched; pictures are SVG.
std::string to_html(const Report& report);

// A result that got worse by more than `tolerance` (a share, e.g. 0.05).
struct Comparison {
  std::string text;  // a table
  bool regressed = false;
};
rules::Result<Comparison> compare(const nlohmann::json& before, const nlohmann::json& after,
                                  double tolerance);

}  // namespace brownout::rehearsal
