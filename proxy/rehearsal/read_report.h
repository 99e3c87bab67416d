// Reads the report.json of a rehearsal, and compares two reports. The file may come from any
// source, so each member is checked. A member of a wrong type is an error; members that older
// reports lack have defaults.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/rehearsal/report.h"

namespace brownout::rehearsal {

struct ReadExpectation {
  std::string name;
  std::string wanted;
  // Empty if this version of Brownout does not know the metric.
  std::optional<rules::Metric> metric;
  bool more_is_better = false;
  bool met = false;
  bool measured = true;
  std::optional<double> value;  // the measured value, in the metric's unit
  // The total number, if the value is a count, such as lost messages of all sent.
  std::optional<double> of;
};

struct ReadReport {
  std::string scenario;
  std::string started;  // UTC, ISO 8601
  std::string path;     // path of the rule file
  std::string file;     // text of the rule file
  std::uint64_t seed = 0;
  double time_scale = 1;  // how many times faster than real time the scenario ran
  Circumstances circumstances;
  std::vector<ReadExpectation> expectations;
};

rules::Result<ReadReport> read_report(const nlohmann::json& value);
// Reads a report from JSON text. Text that is not a report gives an error.
rules::Result<ReadReport> parse_report(std::string_view text);

// Returns the measured value with its unit, "not measured", or "nothing".
std::string print_value(const ReadExpectation& expectation);

struct Comparison {
  struct Row {
    std::string word;  // "same", "better", "changed", "unknown", "WORSE", "new" or "gone"
    std::string name;
    std::string wanted;
    std::string before;   // value in the first report as text; "" if the expectation is new
    std::string after;    // value in the second report as text; "" if the expectation is gone
    bool failed = false;  // whether the expectation is new and not met

    std::string after_with_failure() const { return failed ? after + " (NOT MET)" : after; }
  };
  std::string scenario;
  std::string note = {};  // how the embedded servers of the two runs differed; "" if they did not
  std::vector<Row> rows = {};
  bool regressed = false;

  std::string text() const;  // the comparison as a table for a terminal
};
std::string to_markdown(const Comparison& comparison);
std::string to_html(const Comparison& comparison);

// Lists the expectations whose values got better or worse by more than `tolerance` (a share, e.g.
// 0.05). A latency must also change by more than 10 ms, and any other time by more than 100 ms of
// real time. Returns an error if the reports are of different scenarios, or if only one of the
// rehearsals used embedded servers.
rules::Result<Comparison> compare(const ReadReport& before, const ReadReport& after,
                                  double tolerance);

}  // namespace brownout::rehearsal
