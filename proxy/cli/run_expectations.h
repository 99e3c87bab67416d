// RunExpectations: the expectations of `run --expect`. The code that judges a rehearsal judges them
// when the run ends: a run counts as a rehearsal of one phase, without users.
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

  // Returns the observer that counts traffic; null if no expectation is about traffic.
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
