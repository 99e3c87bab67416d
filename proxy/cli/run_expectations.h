// RunExpectations: the expectations of `brownout run --expect`, such as a limit on the share of
// failed requests, and their verdicts when the run ends. The run is judged like a rehearsal
// (proxy/rehearsal/runner.h) of one phase without synthetic users.
//
// Use only on the control loop's thread, except for the observer, which the workers call.
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
  // Reads the expectations. Prints each error; returns null if there was an error.
  static std::unique_ptr<RunExpectations> read(const std::vector<std::string>& sentences,
                                               const rules::Config& config);

  // Returns the observer that counts traffic, for EngineOptions::observer; null if no expectation
  // is about traffic.
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
