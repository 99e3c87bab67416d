#include "proxy/rehearsal/series.h"

#include <algorithm>
#include <map>

#include "rules/rehearsal/verdict.h"

namespace brownout::rehearsal {
namespace {

double in_milliseconds(Duration value) {
  return std::chrono::duration<double, std::milli>(value).count();
}

// Returns the instants to mark for each probe: its first failed attempt, its first operation at
// another endpoint, and the end of its last failure.
std::vector<Mark> marks_of(const rules::Scenario& scenario, const rules::Measurements& seen) {
  std::vector<Mark> marks;
  for (std::uint32_t probe = 0; probe < scenario.probes.size(); ++probe) {
    if (scenario.probes[probe].watches) continue;
    const auto& course = seen.tally.probe(probe).course;
    const auto& name = scenario.probes[probe].name;
    if (course.noticed) marks.push_back({*course.noticed, "detected", name});
    if (course.failed_over) marks.push_back({*course.failed_over, "failed over", name});
    if (course.recovered && !course.failing) {
      marks.push_back({*course.recovered, "recovered", name});
    }
  }
  std::sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.at < b.at; });
  return marks;
}

std::vector<TrafficSeries> traffic_of(const rules::Measurements& seen, Duration width,
                                      std::size_t steps) {
  using Where = std::pair<std::string, std::string>;
  std::map<Where, std::vector<rules::TrafficCounts>> found;
  for (const auto& interval : seen.traffic) {
    if (interval.begin < Duration::zero()) continue;
    auto& counts = found[{interval.listener, interval.region}];
    counts.resize(steps);
    // Counts an interval in the chart's step that contains its middle.
    const auto step = static_cast<std::size_t>((interval.begin + interval.length / 2) / width);
    counts[std::min(step, steps - 1)].add(interval.counts);
  }
  std::vector<TrafficSeries> all;
  for (const auto& [where, counts] : found) {
    TrafficSeries series{where.first, where.second, {}, {}, {}};
    for (const auto& step : counts) {
      series.steps.push_back({step.ok, step.failed, in_milliseconds(step.latency.percentile(0.5)),
                              in_milliseconds(step.latency.percentile(0.99))});
      series.connections.push_back(step.connections);
      series.total.add(step);
    }
    all.push_back(std::move(series));
  }
  return all;
}

// Returns the steps of one probe's chart. Each is the sum of several shorter steps of its tally.
std::vector<Step> steps_of(const rules::Scenario& scenario, const rules::ProbeTally& tally,
                           const Series& series) {
  const auto fine = tally.width(scenario);
  std::vector<rules::ProbeTally::Step> sums(series.steps);
  for (std::size_t i = 0; i < tally.steps.size(); ++i) {
    const auto& step = tally.steps[i];
    const auto middle = fine * static_cast<std::int64_t>(i) + fine / 2;
    const auto number = static_cast<std::size_t>(middle / series.width);
    auto& sum = sums[std::min(number, series.steps - 1)];
    sum.ok += step.ok;
    sum.failed += step.failed;
    sum.took.add(step.took);
  }
  std::vector<Step> steps;
  for (const auto& sum : sums) {
    steps.push_back({sum.ok, sum.failed, in_milliseconds(sum.took.percentile(0.5)),
                     in_milliseconds(sum.took.percentile(0.99))});
  }
  return steps;
}

}  // namespace

std::string served_text(const rules::TrafficCounts& counts) {
  if (counts.requests() == 0) return "-";
  return std::to_string(counts.ok) + " of " + std::to_string(counts.requests());
}

std::string turns_text(const rules::TrafficCounts& counts) {
  return counts.turns == 0 && bytes_text(counts) == "-" ? "-" : std::to_string(counts.turns);
}

std::string bytes_text(const rules::TrafficCounts& counts) {
  if (counts.bytes_up == 0 && counts.bytes_down == 0) return "-";
  return std::to_string(counts.bytes_up) + ", " + std::to_string(counts.bytes_down);
}

std::string time_text(const rules::TrafficCounts& counts, double p) {
  if (counts.latency.count() == 0) return "-";
  return rules::print_time(counts.latency.percentile(p));
}

Series series_of(const rules::Scenario& scenario, const rules::Measurements& seen,
                 std::size_t steps) {
  Series series;
  const auto end = seen.phases.empty() ? scenario.length() : seen.phases.back().end;
  series.steps = steps;
  series.width = std::max<Duration>(end / static_cast<std::int64_t>(steps), Duration(1));
  const auto step_of = [&](Duration at) {
    const auto step = std::max<std::int64_t>(0, at / series.width);
    return std::min(static_cast<std::size_t>(step), steps - 1);
  };
  for (std::size_t probe = 0; probe < scenario.probes.size(); ++probe) {
    series.probes.push_back({scenario.probes[probe].name, scenario.probes[probe].region,
                             steps_of(scenario, seen.tally.probe(probe), series)});
  }
  std::map<std::string, FaultSeries> faults;
  for (const auto& injected : seen.injected) {
    auto& row = faults[injected.rule];
    row.rule = injected.rule;
    row.injected.resize(steps);
    row.injected[step_of(injected.at)] += injected.count;
    row.early += injected.early;
  }
  for (auto& [rule, row] : faults) series.faults.push_back(std::move(row));
  series.traffic = traffic_of(seen, series.width, steps);
  series.marks = marks_of(scenario, seen);
  return series;
}

}  // namespace brownout::rehearsal
