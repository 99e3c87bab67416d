// Sums the measurements of a rehearsal in equal time steps, as series for charts and for the JSON
// report. No I/O.
//
// Times are scenario time: real time since the first phase began, multiplied by the scenario's
// time_scale. Latencies (p50_ms, p99_ms) are real time.
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

// Traffic between one listener and the clients of one region, in steps.
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
  std::uint64_t early = 0;  // requests before their client's Retry-After, in all steps
};

// An instant that the charts mark, such as the end of a probe's last failure.
struct Mark {
  Duration at{};
  std::string what;  // kind of instant: "detected", "failed over" or "recovered"
  std::string probe;
};

struct Series {
  Duration width{};  // duration of one step
  std::size_t steps = 0;
  std::vector<ProbeSeries> probes;
  std::vector<TrafficSeries> traffic;
  std::vector<FaultSeries> faults;
  std::vector<Mark> marks;
};

// Returns the number of served requests, such as "98 of 100". Returns "-" if there were no
// requests, or if the proxy does not parse the protocol.
std::string served_text(const rules::TrafficCounts& counts);
// turns_text() and bytes_text() describe traffic whose protocol the proxy does not parse: the
// replies of the server to client data, and the bytes. time_text() returns a percentile of the
// durations of requests, such as "12ms". All return "-" without such traffic.
std::string turns_text(const rules::TrafficCounts& counts);
std::string bytes_text(const rules::TrafficCounts& counts);
std::string time_text(const rules::TrafficCounts& counts, double p);

Series series_of(const rules::Scenario& scenario, const rules::Measurements& seen,
                 std::size_t steps);

}  // namespace brownout::rehearsal
