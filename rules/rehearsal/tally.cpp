#include "rules/rehearsal/tally.h"

#include <algorithm>
#include <cmath>

#include "rules/chance/dice.h"

namespace brownout::rules {
namespace {

// Maximum number of different failure reasons. All further reasons count as "other reasons".
constexpr std::size_t kMostReasons = 200;

// Minimum waiting time after which an unfinished operation counts as failed. An operation that
// waited less might still have been served.
constexpr Duration kHangs = std::chrono::milliseconds(100);

Duration real_time_of(const Scenario& scenario, const Operation& operation) {
  return stretched(operation.ended - operation.began, 1 / scenario.time_scale);
}

// Sets `first` to the time `at`, unless it is set already.
void note(std::optional<Duration>& first, Duration at) {
  if (!first) first = at;
}

void follow(UserCourse& course, const Operation& operation) {
  course.seen = true;
  if (operation.failed > 0) note(course.noticed, operation.ended);
  course.failed |= operation.failed > 0;
  if (operation.ok && operation.endpoint > 0) note(course.failed_over, operation.ended);
  if (operation.ok && course.failing) course.recovered = operation.ended;
  course.failing = !operation.ok;
}

void add_peak(std::map<std::int64_t, std::uint64_t>& windows, const Operation& operation,
              std::int64_t count, Duration width) {
  // The exact times of the attempts are not recorded. Spread them evenly over the operation.
  for (std::int64_t i = 0; i < count; ++i) {
    ++windows[(operation.began + (operation.ended - operation.began) * i / count) / width];
  }
}

void add_reason(std::map<std::string, std::uint64_t>& reasons, const std::string& why) {
  const bool known = reasons.size() < kMostReasons || reasons.contains(why);
  ++reasons[known ? why : "other reasons"];
}

std::int64_t messages_of(Metric metric, const Operation& operation) {
  if (metric == Metric::kMessagesLost) return operation.lost;
  return metric == Metric::kDuplicated ? operation.duplicated : operation.reordered;
}

bool is_about_rebalances(Metric metric) {
  return metric == Metric::kRebalanceTime || metric == Metric::kRebalanceTotal;
}

// Counts the rebalances of an operation that began in the span. A rebalance that went on when the
// previous operation ended is counted already, up to then.
void add_rebalances(ExpectationTally& tally, const Span& span, const Operation& operation) {
  for (const auto& rebalance : operation.rebalances) {
    if (!span.contains(rebalance.began)) continue;
    auto& all = tally.rebalances[{operation.probe, operation.user}];
    const bool known = all.last && all.last->began == rebalance.began;
    all.count += known ? 0U : 1U;
    all.total += rebalance.ended - (known ? all.last->ended : rebalance.began);
    all.longest = std::max(all.longest, rebalance.ended - rebalance.began);
    all.last = rebalance;
  }
}

void add_to(ExpectationTally& tally, const Scenario& scenario, const Expectation& wanted,
            const Operation& operation) {
  if (operation.unable) {
    tally.unable =
        scenario.probes[operation.probe].name + " could not be started: " + operation.why;
    return;
  }
  ++tally.all;
  tally.ok += operation.ok ? 1U : 0U;
  switch (wanted.metric) {
    case Metric::kAvailability:
      if (!operation.ok) add_reason(tally.reasons, operation.why);
      return;
    case Metric::kLatencyP50:
    case Metric::kLatencyP99:
      if (operation.ok) tally.took.add(operation.took);
      return;
    case Metric::kTimeToDetect:
    case Metric::kTimeToFailover:
    case Metric::kTimeToRecover:
      return follow(tally.users[{operation.probe, operation.user}], operation);
    case Metric::kMessagesLost:
    case Metric::kDuplicated:
    case Metric::kReordered:
      tally.messages += messages_of(wanted.metric, operation);
      tally.sent += operation.sent;
      return;
    case Metric::kLag: {
      if (!operation.lag) return;
      auto& highest = tally.lags[{operation.probe, operation.user}];
      highest = std::max(highest, *operation.lag);
      return;
    }
    case Metric::kRebalanceTime:
    case Metric::kRebalanceTotal:
      // Tells later that the user has a consumer, even if there is no rebalance.
      if (operation.lag) tally.rebalances[{operation.probe, operation.user}];
      return;
    case Metric::kReconnectRate:
      return add_peak(tally.windows, operation, operation.connects, peak_window(scenario));
    case Metric::kAttemptRate:
      return add_peak(tally.windows, operation, operation.attempts, peak_window(scenario));
    case Metric::kShare: {
      if (!operation.ok || operation.endpoint < 0) return;
      const auto& endpoints = scenario.probes[operation.probe].endpoints;
      const bool there = endpoints[static_cast<std::size_t>(operation.endpoint)] == wanted.endpoint;
      tally.served_there += there ? 1U : 0U;
      return;
    }
    case Metric::kRuleHits:
    case Metric::kCameBackEarly:
      return;
    case Metric::kAlert:
      if (operation.ok && !tally.first_ok) tally.first_ok = {operation.ended, operation.probe};
      return;
  }
}

// Whether the metric is counted at instants instead of by operation. A time or an alert is counted
// at its own instant, a lag at the end of the operation, and a rate at the instants of the
// attempts. All other metrics count an operation in the phase in which it began.
bool has_instant(Metric metric) {
  return unit_of(metric) == Unit::kRate || metric == Metric::kTimeToDetect ||
         metric == Metric::kTimeToFailover || metric == Metric::kTimeToRecover ||
         metric == Metric::kAlert || metric == Metric::kLag || is_about_rebalances(metric);
}

// Whether the operation counts in the wanted phase. An operation that ends in a later phase counts
// only if it failed and its own phase has faults. A success, or a failure that the later phase may
// have caused, counts in neither phase.
bool is_of_phase(const Scenario& scenario, const Expectation& wanted,
                 const std::vector<PhaseInterval>& phases, const Operation& operation) {
  for (std::size_t i = 0; i < phases.size(); ++i) {
    const auto& phase = scenario.phases[phases[i].phase];
    if (phase.name != wanted.phase) continue;
    const auto span = acted_span_of(phases, i, wanted.within);
    if (!span.contains(operation.began)) return false;
    const bool crossed = i + 1 < phases.size() && operation.ended > span.end;
    return !crossed || (!operation.ok && !phase.rules.empty());
  }
  return false;
}

}  // namespace

bool is_meant(const Scenario& scenario, const Expectation& wanted, std::uint32_t number) {
  const auto& probe = scenario.probes[number];
  if (!wanted.region.empty() && probe.region != wanted.region) return false;
  if (wanted.probe.empty()) return !probe.watches;
  return std::find(wanted.probe.begin(), wanted.probe.end(), probe.name) != wanted.probe.end();
}

std::optional<Span> span_of(const Scenario& scenario, const Expectation& wanted,
                            const std::vector<PhaseInterval>& phases) {
  const auto of = [&](auto condition) -> std::optional<Span> {
    for (const auto& interval : phases) {
      if (condition(scenario.phases[interval.phase])) return Span{interval.begin, interval.end};
    }
    return std::nullopt;
  };
  if (!wanted.phase.empty()) {
    return of([&](const Phase& phase) { return phase.name == wanted.phase; });
  }
  const auto from = [&](auto condition) -> std::optional<Span> {
    const auto& all = scenario.phases;
    if (std::none_of(all.begin(), all.end(), condition)) return Span{};
    const auto span = of(condition);
    if (!span) return std::nullopt;
    return Span{span->begin, Duration::max()};
  };
  switch (wanted.metric) {
    case Metric::kTimeToRecover:
      return from([](const Phase& phase) { return phase.recovery; });
    case Metric::kTimeToDetect:
    case Metric::kTimeToFailover:
    case Metric::kAlert:
      return from([](const Phase& phase) { return !phase.rules.empty(); });
    default:
      return Span{};
  }
}

Span acted_span_of(const std::vector<PhaseInterval>& phases, std::size_t number, Duration within) {
  const auto& phase = phases[number];
  const bool last = number + 1 == phases.size();
  return {std::max(phase.acted.value_or(phase.begin), sum(phase.begin, within)),
          phase.left.value_or(last ? Duration::max() : phase.end)};
}

Duration peak_window(const Scenario& scenario) {
  return std::max<Duration>(std::chrono::seconds(1),
                            Duration(static_cast<std::int64_t>(1e8 * scenario.time_scale)));
}

// Reservoir sampling: each value is kept with the same probability (Vitter's algorithm R).
void Sample::add(Duration value) {
  ++count_;
  if (values_.size() < kMost) return values_.push_back(value);
  const auto last = static_cast<std::int64_t>(count_ - 1);
  const auto at = static_cast<std::size_t>(Dice(0, 0, 0).between(count_, 0, last));
  if (at < kMost) values_[at] = value;
}

Duration Sample::percentile(double p) const {
  if (values_.empty()) return {};
  auto values = values_;
  const auto last = static_cast<double>(values.size() - 1);
  const auto index = static_cast<std::ptrdiff_t>(std::lround(p * last));
  std::nth_element(values.begin(), values.begin() + index, values.end());
  return values[static_cast<std::size_t>(index)];
}

Duration ProbeTally::width(const Scenario& scenario) {
  return std::max<Duration>(scenario.length() / static_cast<std::int64_t>(kSteps), Duration(1));
}

bool Tally::overdue(const Scenario& scenario, const Operation& operation) const {
  const auto waited = real_time_of(scenario, operation);
  const auto timeout = scenario.probes[operation.probe].timeout;
  const auto& known = probe(operation.probe);
  if (known.served == 0) return waited >= timeout;
  return waited >= std::min(timeout, std::max(kHangs, times(known.longest, 2)));
}

void Tally::add_to_expectations(const Scenario& scenario, const std::vector<PhaseInterval>& phases,
                                const Operation& operation, bool pending) {
  for (std::size_t i = 0; i < scenario.expectations.size(); ++i) {
    const auto& wanted = scenario.expectations[i];
    if (wanted.about_traffic() || !is_meant(scenario, wanted, operation.probe)) continue;
    auto span = span_of(scenario, wanted, phases);
    const bool recovers = wanted.metric == Metric::kTimeToRecover;
    if (recovers && !operation.unable && (!span || operation.ended < span->begin)) {
      expectations_[i].users[{operation.probe, operation.user}].failing_before = !operation.ok;
    }
    if (!span) continue;
    const auto begin = rules::sum(span->begin, wanted.within);
    if (is_about_rebalances(wanted.metric)) {
      add_rebalances(expectations_[i], {begin, span->end}, operation);
    }
    // An operation that is still pending is no evidence of failure. The exception is an operation
    // that began before the recovery phase: it was not served during the whole recovery.
    if (pending && !(recovers && operation.began < span->begin)) continue;
    span->begin = begin;
    const bool by_end = wanted.phase.empty() || has_instant(wanted.metric);
    const bool counts =
        by_end ? span->contains(operation.ended) : is_of_phase(scenario, wanted, phases, operation);
    if (counts) add_to(expectations_[i], scenario, wanted, operation);
  }
}

void Tally::add(const Scenario& scenario, const std::vector<PhaseInterval>& phases,
                const Operation& operation) {
  const bool pending = operation.unfinished && !overdue(scenario, operation);
  add_to_expectations(scenario, phases, operation, pending);
  if (pending) return;
  add_to_probe(scenario, operation);
  add_to_failures(scenario, phases, operation);
  if (operation.ended >= Duration::zero()) return add_to_region(scenario, operation);
  const auto& probe = scenario.probes[operation.probe];
  if (operation.unable) steady_.unable = probe.name + " could not be started: " + operation.why;
  if (probe.watches || operation.unable) return;
  ++steady_.all;
  steady_.ok += operation.ok ? 1U : 0U;
  if (!operation.ok) steady_.why = probe.name + ": " + operation.why;
}

void Tally::add_to_failures(const Scenario& scenario, const std::vector<PhaseInterval>& phases,
                            const Operation& operation) {
  if (scenario.probes[operation.probe].watches || operation.unable) return;
  for (auto interval = phases.rbegin(); interval != phases.rend(); ++interval) {
    if (interval->begin > operation.began) continue;
    return failures_.add(interval->phase, operation);
  }
}

void Tally::add_to_probe(const Scenario& scenario, const Operation& operation) {
  auto& tally = probes_[operation.probe];
  ++tally.operations;
  tally.served += operation.ok ? 1U : 0U;
  if (operation.ok) tally.longest = std::max(tally.longest, real_time_of(scenario, operation));
  tally.sums.connects += operation.connects;
  tally.sums.sent += operation.sent;
  tally.sums.lost += operation.lost;
  tally.sums.duplicated += operation.duplicated;
  tally.sums.reordered += operation.reordered;
  // The end of the rehearsal is the least specific reason for a failure. Keep any other reason.
  if (!operation.ok && (!operation.unfinished || tally.sums.why.empty()))
    tally.sums.why = operation.why;
  if (operation.ended < Duration::zero() || operation.unable) return;
  tally.steps.resize(ProbeTally::kSteps);
  const auto number = static_cast<std::size_t>(operation.ended / ProbeTally::width(scenario));
  auto& step = tally.steps[std::min(number, ProbeTally::kSteps - 1)];
  ++(operation.ok ? step.ok : step.failed);
  ++(operation.ok ? tally.ok : tally.failed);
  if (operation.ok) step.took.add(operation.took);
  follow(tally.course, operation);
}

void Tally::add_to_region(const Scenario& scenario, const Operation& operation) {
  const auto& probe = scenario.probes[operation.probe];
  // If there are regions, the users of a probe without a region represent no people.
  if (probe.watches || operation.unable || (probe.region.empty() && !scenario.regions.empty()))
    return;
  auto& tally = regions_[probe.region];
  const UserNumber user{operation.probe, operation.user};
  tally.users.insert(user);
  auto& minute = tally.minutes[operation.ended / std::chrono::minutes(1)];
  ++minute.first;
  tally.sessions += operation.failed;
  if (operation.ok) return;
  tally.affected.insert(user);
  ++tally.failed;
  ++minute.second;
}

const ExpectationTally& Tally::expectation(std::size_t number) const {
  static const ExpectationTally none;
  const auto found = expectations_.find(number);
  return found == expectations_.end() ? none : found->second;
}

const ProbeTally& Tally::probe(std::size_t number) const {
  static const ProbeTally none;
  const auto found = probes_.find(number);
  return found == probes_.end() ? none : found->second;
}

}  // namespace brownout::rules
