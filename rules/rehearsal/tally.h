// What users did, summed up as it happens: a rehearsal may have a hundred million operations, and
// what is kept depends only on how many users and expectations there are, and on its length in
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

#include "rules/rehearsal/operation.h"
#include "rules/rehearsal/scenario.h"
#include "rules/rehearsal/traffic.h"

namespace brownout::rules {

// When a phase really was: a rehearsal that is stopped jumps to its recovery.
struct PhaseInterval {
  std::size_t phase = 0;
  Duration begin{};
  Duration end{};
  // When its rules acted, and when the next ones began to be put in their place: what begins in
  // between belongs to neither phase. None: as planned, or not yet.
  std::optional<Duration> acted = {};
  std::optional<Duration> left = {};
};

struct Span {
  Duration begin{};  // what was before the first phase never counts
  Duration end = Duration::max();
  bool contains(Duration at) const { return begin <= at && at < end; }
};

// Of what an expectation counts: a phase if it names one; else a time to recover counts from the
// recovery, other times from the first phase that has rules, anything else from the beginning.
// None: that phase did not run, or not yet.
std::optional<Span> span_of(const Scenario& scenario, const Expectation& wanted,
                            const std::vector<PhaseInterval>& phases);
// While nothing but the rules of that phase acted, and as far as `within` lets it count.
Span acted_span_of(const std::vector<PhaseInterval>& phases, std::size_t number, Duration within);
// Whether its operations count, wherever it is.
bool is_meant(const Scenario& scenario, const Expectation& wanted, std::uint32_t probe);
// The width of the windows in which a rate's peak is counted: a second of the scenario, or 100 ms
// if that is longer. A count over less says little.
Duration peak_window(const Scenario& scenario);

// Durations of which percentiles are asked: all of them while there are few, then a fair sample.
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

using UserNumber = std::pair<std::uint32_t, std::uint32_t>;  // of a probe, and among its users

// When what first happened to a user.
struct UserCourse {
  std::optional<Duration> noticed;
  std::optional<Duration> failed_over;
  std::optional<Duration> recovered;  // the end of the last failure
  bool failed = false;                // an attempt, at any time
  bool failing = false;               // the last operation
  bool seen = false;                  // had an operation that counts
  bool failing_before = false;        // the last operation before those that count
};

// The operations that one expectation means; of its members those that its metric needs.
struct ExpectationTally {
  std::uint64_t all = 0;
  std::uint64_t ok = 0;
  std::map<std::string, std::uint64_t> reasons;
  Sample took;
  std::map<UserNumber, UserCourse> users;
  std::int64_t messages = 0;  // lost, doubled or out of order
  std::int64_t sent = 0;
  std::map<std::int64_t, std::uint64_t> windows;  // attempts or connections, by peak_window()
  std::uint64_t served_there = 0;
  std::optional<std::pair<Duration, std::uint32_t>> first_ok;  // and whose
  std::string unable;                                          // why a probe could not be started
};

// One probe's operations.
struct ProbeTally {
  // Enough for any chart; a rehearsal that is stopped early has fewer.
  static constexpr std::size_t kSteps = 960;

  struct Step {
    std::uint64_t ok = 0;
    std::uint64_t failed = 0;
    LatencyHistogram took;  // of those that succeeded
  };
  std::vector<Step> steps;  // of width(), from the first phase to the planned end
  std::uint64_t ok = 0;     // since the first phase
  std::uint64_t failed = 0;
  UserCourse course;  // of all of its users
  Operation sums;     // of all, from the very beginning: attempts, messages; the last reason
  std::uint64_t operations = 0;
  std::uint64_t served = 0;
  Duration longest{};  // that an operation took that succeeded, in real time

  static Duration width(const Scenario& scenario);
};

// Those of a region, for the impact.
struct RegionTally {
  std::set<UserNumber> users;
  std::set<UserNumber> affected;
  std::uint64_t failed = 0;
  std::uint64_t sessions = 0;
  std::map<std::int64_t, std::pair<std::uint64_t, std::uint64_t>> minutes;  // all, failed
};

// Before the first phase.
struct SteadyTally {
  std::uint64_t all = 0;
  std::uint64_t ok = 0;
  std::string why;     // the last that failed
  std::string unable;  // the last that could not be started
};

class Tally {
 public:
  // `phases` are those that have begun until the operation ended. The scenario is always the same.
  void add(const Scenario& scenario, const std::vector<PhaseInterval>& phases,
           const Operation& operation);

  const SteadyTally& steady() const { return steady_; }
  // An empty one if there was none.
  const ExpectationTally& expectation(std::size_t number) const;
  const ProbeTally& probe(std::size_t number) const;
  const std::map<std::string, RegionTally>& regions() const { return regions_; }

 private:
  // `pending`: the end of the rehearsal cut it short, and it is not overdue.
  void add_to_expectations(const Scenario& scenario, const std::vector<PhaseInterval>& phases,
                           const Operation& operation, bool pending);
  // Whether an operation that the end of the rehearsal cut short is a failure: it had waited for
  // longer than any that succeeded would have.
  bool overdue(const Scenario& scenario, const Operation& operation) const;
  void add_to_probe(const Scenario& scenario, const Operation& operation);
  void add_to_region(const Scenario& scenario, const Operation& operation);

  SteadyTally steady_;
  std::map<std::size_t, ExpectationTally> expectations_;
  std::map<std::size_t, ProbeTally> probes_;
  std::map<std::string, RegionTally> regions_;
};

}  // namespace brownout::rules
