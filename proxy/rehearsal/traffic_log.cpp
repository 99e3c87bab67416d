#include "proxy/rehearsal/traffic_log.h"

#include <algorithm>

namespace brownout::rehearsal {

TrafficLog::Where TrafficLog::where(const rules::FlowFacts& flow) const {
  const auto region = std::find_if(regions_.begin(), regions_.end(), [&](const auto& candidate) {
    return rules::any_contains(candidate.clients, flow.client);
  });
  return {flow.listener, region == regions_.end() ? std::string() : region->name};
}

void TrafficLog::flow_opened(const rules::FlowFacts& flow) noexcept {
  std::string server;
  if (flow.destination) {
    server = to_text(proxy::Endpoint{to_text(*flow.destination), flow.destination_port, ""});
    const auto known = known_as_.find(server);
    if (known != known_as_.end()) server = known->second;
  }
  auto place = where(flow);
  const std::lock_guard lock(mutex_);
  auto& counts = counts_[std::move(place)];
  ++counts.connections;
  if (!server.empty()) ++counts.servers[server];
}

void TrafficLog::served(const rules::FlowFacts& flow, const proxy::Served& what) noexcept {
  auto place = where(flow);
  const std::lock_guard lock(mutex_);
  auto& counts = counts_[std::move(place)];
  ++(what.ok ? counts.ok : counts.failed);
  if (what.took) counts.latency.add(*what.took);
}

void TrafficLog::turned(const rules::FlowFacts& flow, const proxy::Turned& what) noexcept {
  auto place = where(flow);
  const std::lock_guard lock(mutex_);
  auto& counts = counts_[std::move(place)];
  counts.turns += what.turns;
  counts.bytes_up += what.bytes[static_cast<std::size_t>(rules::Direction::kUpstream)];
  counts.bytes_down += what.bytes[static_cast<std::size_t>(rules::Direction::kDownstream)];
}

std::vector<rules::TrafficStep> TrafficLog::take(rules::Duration now) {
  decltype(counts_) counts;
  {
    const std::lock_guard lock(mutex_);
    counts.swap(counts_);
  }
  std::vector<rules::TrafficStep> steps;
  for (auto& [place, what] : counts) {
    steps.push_back({begin_, now - begin_, place.first, place.second, std::move(what)});
  }
  begin_ = now;
  return steps;
}

}  // namespace brownout::rehearsal
