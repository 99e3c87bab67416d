#include "proxy/net/host.h"

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

}  // namespace brownout::proxy
