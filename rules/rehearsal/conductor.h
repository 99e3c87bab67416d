// Conductor: a rehearsal's course as a state machine in scenario time. It says which phase is on,
// watches the conditions that stop everything, and sees to it that the recovery phase always runs.
//
// Pure: told what time it is and what users felt, answers what to do.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "rules/config.h"
#include "rules/rehearsal/measurements.h"

namespace brownout::rules {

// The rules that are on in a phase; none: those that no phase names. With schedules as real time.
std::vector<Rule> rules_in_phase(const Config& config, std::optional<std::size_t> phase);

class Conductor {
 public:
  // `scenario` is borrowed.
  explicit Conductor(const Scenario& scenario) : scenario_(scenario) {}

  struct Step {
    bool changed = false;              // another phase, or the end
    std::optional<std::size_t> phase;  // none: it is over
  };
  // `now` does not go back. Begins the first phase at 0.
  Step advance(Duration now);
  // When advance() next has something to say.
  Duration next() const;
  void observe(const Operation& operation);
  // All faults end now; the recovery phase comes next, if it is not on.
  void halt(Duration now, std::string why);

  bool halted() const { return !why_.empty(); }
  const std::string& why() const { return why_; }
  bool over() const { return over_; }
  const std::vector<PhaseInterval>& phases() const { return phases_; }

 private:
  void enter(std::size_t phase, Duration at);
  bool must_stop(const StopCondition& condition, Duration now) const;

  const Scenario& scenario_;
  std::vector<PhaseInterval> phases_;
  bool running_ = false;
  bool over_ = false;
  bool changed_ = false;  // since the last step
  std::size_t phase_ = 0;
  std::string why_;
  std::deque<Operation> recent_;
};

}  // namespace brownout::rules
