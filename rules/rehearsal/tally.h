// Tally keeps running totals of the operations of synthetic users. A rehearsal may have a hundred
// million operations, so they are not stored one by one. Memory depends only on the number of users
// and expectations, and on the length of the rehearsal in steps. The Runner
// (proxy/rehearsal/runner.h) fills one; verdicts and reports read it. Pure values.
//
// Times are scenario time: real time since the first phase began, multiplied by the scenario's
// time_scale. Times before the first phase are negative. Latencies are real time.
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

// The actual begin and end of a phase. They may differ from the plan, because a halted rehearsal
// jumps to its recovery phase.
struct PhaseInterval {
  std::size_t phase = 0;  // index in Scenario::phases
  Duration begin{};
  Duration end{};
  // `acted` is the time since which all rules of the phase are active. `left` is the time at which
  // the rules of the next phase begin to replace them. Operations that begin between two phases
  // belong to neither phase. Without a value, the change happened exactly at `begin` or `end`, or
  // has not happened yet.
  std::optional<Duration> acted = {};
  std::optional<Duration> left = {};
};

struct Span {
  Duration begin{};  // times before the first phase do not count
  Duration end = Duration::max();
  bool contains(Duration at) const { return begin <= at && at < end; }
};

// Returns the time span in which an expectation counts: its phase, if it names one. Otherwise a
// time to recover counts from the recovery phase, and other times from the first phase with rules.
// All other metrics count from the first phase. No value if the phase from which it counts did
// not run, or has not begun.
std::optional<Span> span_of(const Scenario& scenario, const Expectation& wanted,
                            const std::vector<PhaseInterval>& phases);
// Returns the time span in which only the rules of one phase acted, without its first part of
// length `within`. `number` is the index in `phases`.
Span acted_span_of(const std::vector<PhaseInterval>& phases, std::size_t number, Duration within);
// Whether the expectation is about this probe, by its name and region.
bool is_meant(const Scenario& scenario, const Expectation& wanted, std::uint32_t probe);
// Returns the length of the time windows in which a rate is counted to find its peak: a second of
// scenario time, or 100 ms of real time if that is longer. Counts over shorter windows are too
// small to be meaningful.
Duration peak_window(const Scenario& scenario);

// Sample stores durations to compute percentiles: all of them while they are few, then a uniform
// random sample.
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

// Index of the probe and index of the user.
using UserNumber = std::pair<std::uint32_t, std::uint32_t>;

// The times at which one user first noticed a failure, first failed over, and recovered.
struct UserCourse {
  std::optional<Duration> noticed;
  std::optional<Duration> failed_over;
  std::optional<Duration> recovered;  // end of the last failure
  bool failed = false;                // whether any attempt failed, at any time
  bool failing = false;               // whether the last operation failed
  bool seen = false;                  // whether any operation counted
  bool failing_before = false;  // whether the last operation before the counted time span failed
};

// The rebalances of the group of one user.
struct UserRebalances {
  std::uint64_t count = 0;
  Duration longest{};
  Duration total{};
  std::optional<Rebalance> last;
};

// Totals for one expectation. Only the members that its metric needs are filled.
struct ExpectationTally {
  std::uint64_t all = 0;
  std::uint64_t ok = 0;
  std::map<std::string, std::uint64_t> reasons;
  Sample took;
  std::map<UserNumber, UserCourse> users;
  std::int64_t messages = 0;  // number of messages lost, duplicated or out of order
  std::int64_t sent = 0;
  std::map<UserNumber, std::int64_t> lags;          // the highest lag of each user with a consumer
  std::map<UserNumber, UserRebalances> rebalances;  // of each user with a consumer
  // Number of attempts or connections in each time window; the key is the number of the window.
  std::map<std::int64_t, std::uint64_t> windows;
  std::uint64_t served_there = 0;
  // Time and probe of the first success.
  std::optional<std::pair<Duration, std::uint32_t>> first_ok;
  std::string unable;  // reason why a probe could not be started
};

// Totals of one probe.
struct ProbeTally {
  // Maximum number of steps, enough for any chart. A halted rehearsal fills fewer.
  static constexpr std::size_t kSteps = 960;

  struct Step {
    std::uint64_t ok = 0;
    std::uint64_t failed = 0;
    LatencyHistogram took;  // latencies of successful operations
  };
  // Steps of length width(), from the start of the first phase to the planned end.
  std::vector<Step> steps;
  std::uint64_t ok = 0;  // number of successes since the first phase began
  std::uint64_t failed = 0;
  UserCourse course;  // times of the first events over all users of the probe
  Operation sums;     // sums over the whole run: connections, messages, and the last failure reason
  std::uint64_t operations = 0;
  std::uint64_t served = 0;
  Duration longest{};  // duration of the longest successful operation, in real time

  static Duration width(const Scenario& scenario);
};

// Totals of one region, for the report about impact.
struct RegionTally {
  std::set<UserNumber> users;
  std::set<UserNumber> affected;
  std::uint64_t failed = 0;
  std::uint64_t sessions = 0;
  // For each minute: the number of operations, and the number of those that failed.
  std::map<std::int64_t, std::pair<std::uint64_t, std::uint64_t>> minutes;
};

// Totals of the time before the first phase.
struct SteadyTally {
  std::uint64_t all = 0;
  std::uint64_t ok = 0;
  std::string why;     // reason of the last failure
  std::string unable;  // name of the last probe that could not be started, and why
};

class Tally {
 public:
  // Adds one operation. `phases` contains the phases that began before the operation ended. Every
  // call must have the same scenario.
  void add(const Scenario& scenario, const std::vector<PhaseInterval>& phases,
           const Operation& operation);

  const SteadyTally& steady() const { return steady_; }
  // Returns empty totals if nothing was counted.
  const ExpectationTally& expectation(std::size_t number) const;
  const ProbeTally& probe(std::size_t number) const;
  const std::map<std::string, RegionTally>& regions() const { return regions_; }
  // Returns the failures since the first phase began.
  const FailureLog& failures() const { return failures_; }

 private:
  // `pending` means that the operation was unfinished when the rehearsal ended, and had not yet
  // waited long enough to count as failed.
  void add_to_expectations(const Scenario& scenario, const std::vector<PhaseInterval>& phases,
                           const Operation& operation, bool pending);
  // Whether an operation that was unfinished when the rehearsal ended counts as failed. It counts
  // as failed if it waited until its time-out. If other operations of its probe succeeded, a
  // shorter wait is enough: twice the longest of their times, but at least kHangs (tally.cpp).
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
