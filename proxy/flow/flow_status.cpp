#include <algorithm>
#include <iterator>

#include "proxy/flow/host.h"

namespace brownout::proxy {

FlowStatus status_of(const rules::FlowFacts& flow, const std::vector<rules::RuleRef>& rules) {
  FlowStatus status{
      .listener = flow.listener,
      .ordinal = flow.ordinal,
      .client = flow.client ? to_text(*flow.client, flow.client_port) : "",
      .destination = flow.destination ? to_text(*flow.destination, flow.destination_port) : "",
      .opened = flow.opened};
  for (const auto& rule : rules) status.rules.push_back(rule->name);
  return status;
}

bool FlowList::wants(const rules::FlowFacts& flow) {
  if (!flow.listener.starts_with(query.listener)) return false;
  if (query.ordinal && flow.ordinal != *query.ordinal) return false;
  if (!query.client.empty()) {
    if (!flow.client) return false;
    if (!to_text(*flow.client, flow.client_port).starts_with(query.client)) return false;
  }
  return ++total <= query.most;
}

void FlowList::add(FlowList other) {
  total += other.total;
  const auto room = query.most - std::min(query.most, flows.size());
  other.flows.resize(std::min(room, other.flows.size()));
  std::move(other.flows.begin(), other.flows.end(), std::back_inserter(flows));
}

}  // namespace brownout::proxy
