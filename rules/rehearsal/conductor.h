// Conductor: a rehearsal's course as a state machine in scenario time. It says which phase is on,
// watches the conditions that stop everything, and sees to it that the recovery phase always runs.
//
// Pure: told what time it is and what users felt, answers what to do.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "rules/rehearsal/measurements.h"

namespace brownout::rules {

// The rules that are on in a phase; none: those that no phase names. With schedules as real time.
std::vector<Rule> rules_in_phase(const std::vector<Rule>& rules, const Scenario& scenario,
                                 std::optional<std::size_t> phase);

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
  // All rules of the phase that is on act since `now`; by itself, since advance() began it.
  void acts(Duration now) { phases_.back().acted = now; }
  // When advance() next has something to say.
  Duration next() const;
  void observe(const Operation& operation);
  // All faults end now; the recovery phase comes next, if it is not on.
  void halt(Duration now, std::string why);

  // It ends now, whatever phase is on.
  void end(Duration now);

  bool halted() const { return !why_.empty(); }
  const std::string& why() const { return why_; }
  bool over() const { return over_; }
  const std::vector<PhaseInterval>& phases() const { return phases_; }

 private:
  void enter(std::size_t phase, Duration at);
  void note_switch(Duration now);
  bool must_stop(const StopCondition& condition, Duration now) const;

  const Scenario& scenario_;
  std::vector<PhaseInterval> phases_;
  bool running_ = false;
  bool over_ = false;
  bool changed_ = false;  // since the last step
  std::size_t phase_ = 0;
  std::string why_;
  // Of the probes that conditions name, what is not older than these look back.
  struct Recent {
    std::uint32_t probe = 0;
    Duration ended{};
    bool ok = false;
  };
  std::deque<Recent> recent_;
};

}  // namespace brownout::rules
