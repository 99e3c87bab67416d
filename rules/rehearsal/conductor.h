// Conductor: the timeline of a rehearsal as a state machine in scenario time. Selects the current
// phase, checks the stop conditions, and makes sure that the recovery phase always runs.
//
// Pure: the caller passes times and finished operations.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "rules/rehearsal/measurements.h"

namespace brownout::rules {

// The rules that are active in `phase`, with schedules in real time. Without a phase: the rules
// that no phase names.
std::vector<Rule> rules_in_phase(const std::vector<Rule>& rules, const Scenario& scenario,
                                 std::optional<std::size_t> phase);

class Conductor {
 public:
  // `scenario` is borrowed.
  explicit Conductor(const Scenario& scenario) : scenario_(scenario) {}

  struct Step {
    bool changed = false;              // another phase began, or the rehearsal is over
    std::optional<std::size_t> phase;  // none: over, or not yet begun
  };
  // `now` never goes back. The first phase begins at 0.
  Step advance(Duration now);
  // All rules of the current phase are active since `now`; without this call, since advance() began
  // the phase.
  void acts(Duration now) { phases_.back().acted = now; }
  // The time at which advance() next changes the phase.
  Duration next() const;
  void observe(const Operation& operation);
  // Ends all faults now; the recovery phase follows unless it is already running.
  void halt(Duration now, std::string why);

  // Ends the rehearsal now, whatever the phase.
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
  bool changed_ = false;  // since the last call of advance()
  std::size_t phase_ = 0;
  std::string why_;
  // Operations of the probes in stop conditions, as far back as the longest condition looks.
  struct Recent {
    std::uint32_t probe = 0;
    Duration ended{};
    bool ok = false;
  };
  std::deque<Recent> recent_;
};

}  // namespace brownout::rules
