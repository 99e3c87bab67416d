// Reads a report.json from any source, member by member, and compares two reports. A member of a
// wrong type is an error; members that older reports lack have defaults.
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
  std::optional<rules::Metric> metric;  // none: a metric of an older or newer Brownout
  bool more_is_better = false;
  bool met = false;
  bool measured = true;
  std::optional<double> value;  // in the metric's unit
  std::optional<double> of;     // for a count: the total
};

struct ReadReport {
  std::string scenario;
  std::string path;
  std::string file;
  std::uint64_t seed = 0;
  double time_scale = 1;
  Circumstances circumstances;
  std::vector<ReadExpectation> expectations;
};

rules::Result<ReadReport> read_report(const nlohmann::json& value);
// Accepts any text, even if it is not JSON.
rules::Result<ReadReport> parse_report(std::string_view text);

struct ComparedValue {
  std::string how;     // "same", "better", "WORSE", "changed", "unknown", "new" or "gone"
  std::string name;    // of the expectation
  std::string before;  // as text; "" for a new expectation
  std::string after;
};
struct Comparison {
  std::string text;  // a table
  std::vector<ComparedValue> values = {};
  bool regressed = false;
};
// Lists what got better or worse by more than `tolerance` (a share, e.g. 0.05). A latency must also
// change by more than 10 ms, and another time by more than 100 ms of real time. An error if the
// reports are of different scenarios, or of embedded servers and real ones.
rules::Result<Comparison> compare(const ReadReport& before, const ReadReport& after,
                                  double tolerance);

}  // namespace brownout::rehearsal
