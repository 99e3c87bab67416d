// Running totals of the operations of synthetic users. A rehearsal may have a hundred million
// operations. Memory depends only on the number of users and expectations, and on the length in
// steps. Pure values.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "rules/rehearsal/failure_log.h"
#include "rules/rehearsal/operation.h"
#include "rules/rehearsal/scenario.h"
#include "rules/rehearsal/traffic.h"

namespace brownout::rules {

// The actual time of a phase: a halted rehearsal jumps to its recovery phase.
struct PhaseInterval {
  std::size_t phase = 0;
  Duration begin{};
  Duration end{};
  // `acted`: all rules of the phase are active. `left`: the next phase's rules begin to replace
  // them. Operations that begin in between belong to neither phase. None: as planned, or not yet.
  std::optional<Duration> acted = {};
  std::optional<Duration> left = {};
};

struct Span {
  Duration begin{};  // times before the first phase never count
  Duration end = Duration::max();
  bool contains(Duration at) const { return begin <= at && at < end; }
};

// The time in which an expectation counts: its phase, if it names one. Otherwise a time to recover
// counts from the recovery phase, and other times from the first phase with rules. All other
// metrics count from the first phase. None: that phase did not run, or not yet.
std::optional<Span> span_of(const Scenario& scenario, const Expectation& wanted,
                            const std::vector<PhaseInterval>& phases);
// The time in which only the rules of this phase acted, without the first part given by `within`.
Span acted_span_of(const std::vector<PhaseInterval>& phases, std::size_t number, Duration within);
// True if the operations of this probe count for the expectation, whatever their time.
bool is_meant(const Scenario& scenario, const Expectation& wanted, std::uint32_t probe);
// The width of the windows in which a rate's peak is counted: a second of scenario time, or 100 ms
// of real time if that is longer. Counts over shorter windows say little.
Duration peak_window(const Scenario& scenario);

// Durations for percentiles: all of them while they are few, then a uniform random sample.
class Sample {
 public:
  static constexpr std::size_t kMost = 20'000;
  void add(Duration value);
  std::uint64_t count() const { return count_; }
  Duration percentile(double p) const;

 private:
  std::vector<Duration> values_;
  std::uint64_t count_ = 0;
};

using UserNumber = std::pair<std::uint32_t, std::uint32_t>;  // index of probe, index of user

// The times of a user's first events.
struct UserCourse {
  std::optional<Duration> noticed;
  std::optional<Duration> failed_over;
  std::optional<Duration> recovered;  // the end of the last failure
  bool failed = false;                // an attempt failed, at any time
  bool failing = false;               // the last operation failed
  bool seen = false;                  // an operation counted
  bool failing_before = false;        // the last operation before the counted ones failed
};

// Totals of one expectation; only the members that its metric needs are filled.
struct ExpectationTally {
  std::uint64_t all = 0;
  std::uint64_t ok = 0;
  std::map<std::string, std::uint64_t> reasons;
  Sample took;
  std::map<UserNumber, UserCourse> users;
  std::int64_t messages = 0;  // lost, duplicated or out of order
  std::int64_t sent = 0;
  std::map<std::int64_t, std::uint64_t> windows;  // attempts or connections by window
  std::uint64_t served_there = 0;
  std::optional<std::pair<Duration, std::uint32_t>> first_ok;  // time and probe
  std::string unable;                                          // why a probe could not be started
};

// Totals of one probe.
struct ProbeTally {
  // Enough for any chart; a halted rehearsal fills fewer.
  static constexpr std::size_t kSteps = 960;

  struct Step {
    std::uint64_t ok = 0;
    std::uint64_t failed = 0;
    LatencyHistogram took;  // latencies of successful operations
  };
  std::vector<Step> steps;  // each as long as width(), from the first phase to the planned end
  std::uint64_t ok = 0;     // successes since the first phase
  std::uint64_t failed = 0;
  UserCourse course;  // first events over all users of the probe
  Operation sums;     // over the whole run: connects, messages, the last reason
  std::uint64_t operations = 0;
  std::uint64_t served = 0;
  Duration longest{};  // longest successful operation, in real time

  static Duration width(const Scenario& scenario);
};

// Totals of one region, for the impact.
struct RegionTally {
  std::set<UserNumber> users;
  std::set<UserNumber> affected;
  std::uint64_t failed = 0;
  std::uint64_t sessions = 0;
  std::map<std::int64_t, std::pair<std::uint64_t, std::uint64_t>> minutes;  // operations, failures
};

// Totals before the first phase.
struct SteadyTally {
  std::uint64_t all = 0;
  std::uint64_t ok = 0;
  std::string why;     // reason of the last failure
  std::string unable;  // the last probe that could not be started, and why
};

class Tally {
 public:
  // `phases` are those that began before the operation ended. Every call takes the same scenario.
  void add(const Scenario& scenario, const std::vector<PhaseInterval>& phases,
           const Operation& operation);

  const SteadyTally& steady() const { return steady_; }
  // Empty if nothing was counted.
  const ExpectationTally& expectation(std::size_t number) const;
  const ProbeTally& probe(std::size_t number) const;
  const std::map<std::string, RegionTally>& regions() const { return regions_; }
  // Since the first phase.
  const FailureLog& failures() const { return failures_; }

 private:
  // `pending`: the end of the rehearsal cut the operation short, and the operation is not overdue.
  void add_to_expectations(const Scenario& scenario, const std::vector<PhaseInterval>& phases,
                           const Operation& operation, bool pending);
  // True if an operation that the end of the rehearsal cut short is a failure: it waited longer
  // than a successful one would have.
  bool overdue(const Scenario& scenario, const Operation& operation) const;
  void add_to_failures(const Scenario& scenario, const std::vector<PhaseInterval>& phases,
                       const Operation& operation);
  void add_to_probe(const Scenario& scenario, const Operation& operation);
  void add_to_region(const Scenario& scenario, const Operation& operation);

  SteadyTally steady_;
  std::map<std::size_t, ExpectationTally> expectations_;
  std::map<std::size_t, ProbeTally> probes_;
  std::map<std::string, RegionTally> regions_;
  FailureLog failures_;
};

}  // namespace brownout::rules
