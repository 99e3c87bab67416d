// RunExpectations: the expectations of `run --expect`. They are judged when the run ends, by the
// code that judges a rehearsal: a run is a rehearsal of one phase, without users.
//
// Control loop's thread, but for the observer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "proxy/engine/engine.h"
#include "proxy/rehearsal/traffic_log.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::cli {

class RunExpectations {
 public:
  // Prints each mistake, and returns null if there is any.
  static std::unique_ptr<RunExpectations> read(const std::vector<std::string>& sentences,
                                               const rules::Config& config);

  // Counts traffic; null if no expectation is about traffic.
  proxy::FlowObserver* observer();
  // Prints the verdicts. Returns the exit code.
  int judge(const proxy::Engine& engine);

 private:
  RunExpectations();

  rules::Scenario scenario_;
  rehearsal::TrafficLog traffic_{scenario_.regions, {}};
  rules::Instant began_;
};

}  // namespace brownout::cli
