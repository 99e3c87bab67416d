// Conductor controls the timeline of a rehearsal, as a state machine. It selects the current phase,
// checks the stop conditions, and ensures that the recovery phase always runs. rules_in_phase()
// returns the rules to load for a phase. The Runner (proxy/rehearsal/runner.h) uses both.
//
// Times are scenario time: real time since the first phase began, multiplied by the scenario's
// time_scale. Times before the first phase are negative. Pure logic: the caller passes times and
// finished operations. One thread.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "rules/rehearsal/measurements.h"

namespace brownout::rules {

// Returns the rules that are active in `phase`, with their schedules converted to real time. If
// `phase` has no value, returns only the rules that no phase names.
std::vector<Rule> rules_in_phase(const std::vector<Rule>& rules, const Scenario& scenario,
                                 std::optional<std::size_t> phase);

class Conductor {
 public:
  // `scenario` is borrowed and must outlive the object.
  explicit Conductor(const Scenario& scenario) : scenario_(scenario) {}

  struct Step {
    bool changed = false;  // whether another phase began or the rehearsal ended
    // The current phase; no value before the first phase and after the end.
    std::optional<std::size_t> phase;
  };
  // Sets the current time, which must not decrease, and begins or ends phases that are due. The
  // first phase begins at 0. If a stop condition is met, calls halt().
  Step advance(Duration now);
  // Records that all rules of the current phase are active since `now`. Without this call, the
  // rules count as active since advance() began the phase.
  void acts(Duration now) { phases_.back().acted = now; }
  // Returns the time at which advance() will next change the phase.
  Duration next() const;
  // Counts a finished operation for the stop conditions.
  void observe(const Operation& operation);

  // Ends all faults now. The recovery phase follows, unless it is already running. If no phase has
  // begun, the rehearsal ends.
  void halt(Duration now, std::string why);

  // Ends the rehearsal now, in any phase.
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
  bool changed_ = false;  // whether the phase changed since the last call of advance()
  std::size_t phase_ = 0;
  std::string why_;
  // Results of recent operations, only for probes with a stop condition. Each condition examines a
  // time window of length StopCondition::over; results older than the longest window are removed.
  struct Recent {
    std::uint32_t probe = 0;
    Duration ended{};
    bool ok = false;
  };
  std::deque<Recent> recent_;
};

}  // namespace brownout::rules
