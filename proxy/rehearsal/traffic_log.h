// TrafficLog: counts traffic through the proxy during a rehearsal, by listener, region and server.
// Workers add counts on their own threads. The runner reads the counts of each time step on its own
// thread.
//
// Times are scenario time: real time since the first phase began, multiplied by the scenario's
// time_scale.
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
  // For each embedded server's address, the name of the server that it replaces.
  using Names = std::map<std::string, std::string>;
  // `regions` are borrowed, and must outlive this object.
  TrafficLog(const std::vector<rules::Region>& regions, Names known_as)
      : regions_(regions), known_as_(std::move(known_as)) {}

  void flow_opened(const rules::FlowFacts& flow) noexcept override;
  void served(const rules::FlowFacts& flow, const proxy::Served& what) noexcept override;
  void turned(const rules::FlowFacts& flow, const proxy::Turned& what) noexcept override;

  // The time when the current step of counting began.
  rules::Duration began() const { return begin_; }
  // Returns the counts since the last call, as steps that all end at `now`: one for each listener
  // and region.
  std::vector<rules::TrafficStep> take(rules::Duration now);

 private:
  using Where = std::pair<std::string, std::string>;  // name of the listener, name of the region
  Where where(const rules::FlowFacts& flow) const;

  const std::vector<rules::Region>& regions_;
  Names known_as_;
  std::mutex mutex_;
  std::map<Where, rules::TrafficCounts> counts_;
  rules::Duration begin_{};
};

}  // namespace brownout::rehearsal
