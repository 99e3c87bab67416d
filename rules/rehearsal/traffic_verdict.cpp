#include <algorithm>

#include "rules/rehearsal/finding.h"

namespace brownout::rules {
namespace {

bool is_meant(const TrafficStep& step, const Expectation& wanted) {
  const auto& listeners = wanted.listener;
  if (!wanted.region.empty() && step.region != wanted.region) return false;
  return listeners.empty() ||
         std::find(listeners.begin(), listeners.end(), step.listener) != listeners.end();
}

Finding availability(const TrafficCounts& counts) {
  const auto all = counts.requests();
  if (all == 0) return {std::nullopt, "there was no request"};
  return {static_cast<double>(counts.ok) / static_cast<double>(all),
          std::to_string(counts.ok) + " of " + count_of(all, "request") + " were served"};
}

Finding latency(const TrafficCounts& counts, double p) {
  if (counts.requests() == 0) return {std::nullopt, "there was no request"};
  if (counts.latency.count() == 0) return {std::nullopt, "no request was answered", true};
  return {std::chrono::duration<double>(counts.latency.percentile(p)).count(),
          "of " + count_of(counts.latency.count(), "answer") + ", accurate to 12.5%"};
}

Finding share(const TrafficCounts& counts, const std::string& server) {
  const auto found = counts.servers.find(server);
  const auto there = found == counts.servers.end() ? 0 : found->second;
  if (counts.connections == 0) return {std::nullopt, "there was no connection"};
  return {static_cast<double>(there) / static_cast<double>(counts.connections),
          std::to_string(there) + " of " + count_of(counts.connections, "connection") +
              " went to this server"};
}

}  // namespace

Finding find_in_traffic(const Scenario& scenario, const Measurements& seen,
                        const Expectation& wanted, Span counted) {
  TrafficCounts counts;
  auto width = peak_window(scenario);
  std::map<std::int64_t, std::uint64_t> windows;
  for (const auto& step : seen.traffic) {
    if (is_meant(step, wanted) && counted.contains(step.begin))
      width = std::max(width, step.length);
  }
  for (const auto& step : seen.traffic) {
    if (!is_meant(step, wanted) || !counted.contains(step.begin)) continue;
    counts.add(step.counts);
    windows[step.begin / width] += step.counts.connections;
  }
  switch (wanted.metric) {
    case Metric::kAvailability:
      return availability(counts);
    case Metric::kLatencyP50:
      return latency(counts, 0.5);
    case Metric::kLatencyP99:
      return latency(counts, 0.99);
    case Metric::kShare:
      return share(counts, wanted.server);
    default:
      break;
  }
  if (counts.connections + counts.requests() + counts.turns + counts.bytes_up == 0) {
    return {std::nullopt, "there was no traffic"};
  }
  std::uint64_t most = 0;
  for (const auto& [window, count] : windows) most = std::max(most, count);
  return {static_cast<double>(most) / std::chrono::duration<double>(width).count(),
          "peak: " + count_of(most, "connection") + " in " + to_text(width)};
}

}  // namespace brownout::rules
