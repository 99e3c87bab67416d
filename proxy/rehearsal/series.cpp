#include "proxy/rehearsal/series.h"

#include <algorithm>
#include <map>

#include "rules/rehearsal/verdict.h"

namespace brownout::rehearsal {
namespace {

double milliseconds(Duration value) {
  return std::chrono::duration<double, std::milli>(value).count();
}

// The first failed attempt while rules are on, the first operation that another endpoint served,
// and the end of the last failure.
std::vector<Mark> marks_of(const rules::Scenario& scenario, const rules::Measurements& seen) {
  std::vector<Mark> marks;
  for (std::uint32_t probe = 0; probe < scenario.probes.size(); ++probe) {
    if (scenario.probes[probe].watches) continue;
    std::optional<Duration> detected;
    std::optional<Duration> failed_over;
    std::optional<Duration> recovered;
    bool failing = false;
    for (const auto& one : seen.operations) {
      if (one.probe != probe || one.ended < Duration::zero()) continue;
      if (one.failed > 0 && !detected) detected = one.ended;
      if (one.ok && one.endpoint > 0 && !failed_over) failed_over = one.ended;
      if (!one.ok) failing = true;
      if (one.ok && std::exchange(failing, false)) recovered = one.ended;
    }
    const auto& name = scenario.probes[probe].name;
    if (detected) marks.push_back({*detected, "detected", name});
    if (failed_over) marks.push_back({*failed_over, "failed over", name});
    if (recovered && !failing) marks.push_back({*recovered, "recovered", name});
  }
  std::sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) { return a.at < b.at; });
  return marks;
}

std::vector<TrafficSeries> traffic_of(const rules::Measurements& seen, Duration width,
                                      std::size_t steps) {
  using Where = std::pair<std::string, std::string>;
  std::map<Where, std::vector<rules::TrafficCounts>> found;
  for (const auto& one : seen.traffic) {
    if (one.begin < Duration::zero()) continue;
    auto& counts = found[{one.listener, one.region}];
    counts.resize(steps);
    // Most of it lies around its middle.
    const auto step = static_cast<std::size_t>((one.begin + one.length / 2) / width);
    counts[std::min(step, steps - 1)].add(one.counts);
  }
  std::vector<TrafficSeries> all;
  for (const auto& [where, counts] : found) {
    TrafficSeries series{where.first, where.second, {}, {}, {}};
    for (const auto& one : counts) {
      series.steps.push_back({one.ok, one.failed, milliseconds(one.latency.percentile(0.5)),
                              milliseconds(one.latency.percentile(0.99))});
      series.connections.push_back(one.connections);
      series.total.add(one);
    }
    all.push_back(std::move(series));
  }
  return all;
}

}  // namespace

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
  std::vector<std::vector<std::vector<Duration>>> took(scenario.probes.size(),
                                                       std::vector<std::vector<Duration>>(steps));
  for (const auto& probe : scenario.probes) {
    series.probes.push_back({probe.name, probe.region, std::vector<Step>(steps)});
  }
  for (const auto& one : seen.operations) {
    if (one.ended < Duration::zero()) continue;
    auto& step = series.probes[one.probe].steps[step_of(one.ended)];
    ++(one.ok ? step.ok : step.failed);
    if (one.ok) took[one.probe][step_of(one.ended)].push_back(one.took);
  }
  for (std::size_t probe = 0; probe < took.size(); ++probe) {
    for (std::size_t step = 0; step < steps; ++step) {
      auto& to = series.probes[probe].steps[step];
      to.p50_ms = milliseconds(rules::percentile(took[probe][step], 0.5));
      to.p99_ms = milliseconds(rules::percentile(took[probe][step], 0.99));
    }
  }
  std::map<std::string, std::vector<std::uint64_t>> faults;
  for (const auto& one : seen.injected) {
    auto& row = faults.try_emplace(one.rule, steps).first->second;
    row[step_of(one.at)] += one.count;
  }
  for (auto& [rule, row] : faults) series.faults.push_back({rule, std::move(row)});
  series.traffic = traffic_of(seen, series.width, steps);
  series.marks = marks_of(scenario, seen);
  return series;
}

}  // namespace brownout::rehearsal
