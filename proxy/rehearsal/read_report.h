// A report.json as anybody may give it, read member by member: what is missing or of another type
// is an error, or has a default where older reports have no such member. And two of them compared.
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
  std::optional<rules::Metric> metric;  // none: of an older or a newer Brownout
  bool more_is_better = false;
  bool met = false;
  bool measured = true;
  std::optional<double> value;  // in the metric's unit
  std::optional<double> of;     // of a count: of how many
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
// Of text that may be no JSON at all.
rules::Result<ReadReport> parse_report(std::string_view text);

struct Comparison {
  std::string text;  // a table
  bool regressed = false;
};
// What got better or worse by more than `tolerance` (a share, e.g. 0.05); a latency also by more
// than 10 ms, another time by more than 100 ms of real time. An error where the two cannot be
// compared: reports of other scenarios, or of embedded servers and real ones.
rules::Result<Comparison> compare(const ReadReport& before, const ReadReport& after,
                                  double tolerance);

}  // namespace brownout::rehearsal
