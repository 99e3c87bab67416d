// Sums the measurements of a rehearsal in equal steps of scenario time, for charts and the JSON
// report.
#pragma once

#include <string>
#include <vector>

#include "rules/rehearsal/measurements.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rehearsal {

using rules::Duration;

struct Step {
  std::size_t ok = 0;
  std::size_t failed = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

struct ProbeSeries {
  std::string probe;
  std::string region;
  std::vector<Step> steps;
};

// Traffic at a listener from one region.
struct TrafficSeries {
  std::string listener;
  std::string region;
  std::vector<Step> steps;
  std::vector<std::uint64_t> connections;  // number of new connections in each step
  rules::TrafficCounts total;
};

struct FaultSeries {
  std::string rule;
  std::vector<std::uint64_t> injected;
};

// An instant that the charts mark.
struct Mark {
  Duration at{};
  std::string what;  // "detected", "failed over", "recovered"
  std::string probe;
};

struct Series {
  Duration width{};  // width of a step
  std::size_t steps = 0;
  std::vector<ProbeSeries> probes;
  std::vector<TrafficSeries> traffic;
  std::vector<FaultSeries> faults;
  std::vector<Mark> marks;
};

// served_text() and time_text() return text like "98 of 100" or "12ms", or "-" if there were no
// requests or the proxy does not parse them.
std::string served_text(const rules::TrafficCounts& counts);
// turns_text() and bytes_text() return "-" if there were no bytes of protocols that the proxy does
// not parse.
std::string turns_text(const rules::TrafficCounts& counts);
std::string bytes_text(const rules::TrafficCounts& counts);
std::string time_text(const rules::TrafficCounts& counts, double p);

Series series_of(const rules::Scenario& scenario, const rules::Measurements& seen,
                 std::size_t steps);

}  // namespace brownout::rehearsal
