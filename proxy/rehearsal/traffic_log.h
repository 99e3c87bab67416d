// TrafficLog: counts what passes through the proxy in a rehearsal, by listener, region and server.
// Told by the workers, on their threads; read step by step by the runner, on its own.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "proxy/flow/host.h"
#include "rules/rehearsal/scenario.h"
#include "rules/rehearsal/traffic.h"

namespace brownout::rehearsal {

class TrafficLog final : public proxy::FlowObserver {
 public:
  // Servers by the names that the file has for them, where others stand in.
  using Names = std::map<std::string, std::string>;
  // `regions` are borrowed.
  TrafficLog(const std::vector<rules::Region>& regions, Names known_as)
      : regions_(regions), known_as_(std::move(known_as)) {}

  void flow_opened(const rules::FlowFacts& flow) noexcept override;
  void served(const rules::FlowFacts& flow, const proxy::Served& what) noexcept override;
  void turned(const rules::FlowFacts& flow, const proxy::Turned& what) noexcept override;

  // When the step began that take() ends.
  rules::Duration began() const { return begin_; }
  // What there was since the last call, which ends a step at `now` of the scenario.
  std::vector<rules::TrafficStep> take(rules::Duration now);

 private:
  using Where = std::pair<std::string, std::string>;  // listener and region
  Where where(const rules::FlowFacts& flow) const;

  const std::vector<rules::Region>& regions_;
  Names known_as_;
  std::mutex mutex_;
  std::map<Where, rules::TrafficCounts> counts_;
  rules::Duration begin_{};
};

}  // namespace brownout::rehearsal
