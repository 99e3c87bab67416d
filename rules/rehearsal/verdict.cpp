#include "rules/rehearsal/verdict.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "rules/base/valid_text.h"
#include "rules/rehearsal/finding.h"

namespace brownout::rules {

namespace {

double seconds(Duration value) { return std::chrono::duration<double>(value).count(); }

// Judge computes the finding of one expectation from its totals.
class Judge {
 public:
  Judge(const Scenario& scenario, const Measurements& seen, std::size_t number)
      : scenario_(scenario),
        seen_(seen),
        wanted_(scenario.expectations[number]),
        tally_(seen.tally.expectation(number)) {
    const auto span = span_of(scenario, wanted_, seen.phases);
    ran_ = span.has_value();
    span_ = span.value_or(Span{});
  }

  Finding find() const {
    if (!ran_) return nothing();
    if (wanted_.about_traffic()) {
      return find_in_traffic(scenario_, seen_, wanted_, traffic_span());
    }
    if (wanted_.metric == Metric::kAlert) return alert();
    if (wanted_.metric == Metric::kRuleHits) return rule_hits();
    if (wanted_.metric == Metric::kCameBackEarly) return came_back_early();
    // A rebalance may be known before the operation ends in which it began.
    if (tally_.all == 0 && tally_.rebalances.empty()) return nothing();
    switch (wanted_.metric) {
      case Metric::kAvailability:
        return availability();
      case Metric::kLatencyP50:
        return latency(0.5);
      case Metric::kLatencyP99:
        return latency(0.99);
      case Metric::kTimeToDetect:
        return detect();
      case Metric::kTimeToFailover:
        return failover();
      case Metric::kTimeToRecover:
        return recover();
      case Metric::kMessagesLost:
        return messages("lost");
      case Metric::kDuplicated:
        return messages("duplicated");
      case Metric::kReordered:
        return messages("out of order");
      case Metric::kLag:
        return find_lag(scenario_, tally_);
      case Metric::kRebalanceTime:
      case Metric::kRebalanceTotal:
        return find_rebalances(scenario_, wanted_.metric, tally_);
      case Metric::kReconnectRate:
        return peak("connection");
      case Metric::kAttemptRate:
        return peak("attempt");
      case Metric::kShare:
        return share_of_endpoint();
      case Metric::kAlert:
      case Metric::kRuleHits:
      case Metric::kCameBackEarly:
        break;
    }
    return {};
  }

 private:
  Span traffic_span() const {
    for (std::size_t i = 0; i < seen_.phases.size(); ++i) {
      const auto& name = scenario_.phases[seen_.phases[i].phase].name;
      if (name == wanted_.phase) return acted_span_of(seen_.phases, i, wanted_.within);
    }
    return {rules::sum(span_.begin, wanted_.within), span_.end};
  }

  // Returns a finding without a value. Its evidence says why nothing was measured.
  Finding nothing() const {
    if (seen_.phases.empty()) return {std::nullopt, "no phase ran"};
    if (!ran_) return {std::nullopt, "the phase of this expectation did not run"};
    if (!tally_.unable.empty()) return {std::nullopt, tally_.unable};
    for (const auto& unstarted : seen_.unstarted) {
      if (!is_meant(scenario_, wanted_, unstarted.probe)) continue;
      return {std::nullopt,
              scenario_.probes[unstarted.probe].name + " could not be started: " + unstarted.why};
    }
    return {std::nullopt,
            "no operation counted: make the phase longer, or `every` of its probes shorter"};
  }

  // Returns the time span in which injected faults count. The span ends when the rules of the next
  // phase act, because the last faults of a phase are reported only then.
  Span hits_span() const {
    for (std::size_t i = 0; i < seen_.phases.size(); ++i) {
      const auto begin = [&](std::size_t number) {
        const auto& phase = seen_.phases[number];
        return phase.acted.value_or(phase.begin);
      };
      if (scenario_.phases[seen_.phases[i].phase].name != wanted_.phase) continue;
      return {begin(i), i + 1 < seen_.phases.size() ? begin(i + 1) : Duration::max()};
    }
    return {Duration::min(), Duration::max()};
  }

  // Returns the sum of the faults of the wanted rules in the span.
  InjectedFaults hits() const {
    const auto span = hits_span();
    InjectedFaults hits;
    for (const auto& injected : seen_.injected) {
      const auto& names = wanted_.rule;
      const auto is_of = [&](const std::string& name) {
        return injected.rule == name || injected.rule.starts_with(name + "/");
      };
      const bool counts = injected.at > span.begin && injected.at <= span.end;
      if (!counts || std::none_of(names.begin(), names.end(), is_of)) continue;
      hits.count += injected.count;
      hits.early += injected.early;
    }
    return hits;
  }

  Finding rule_hits() const {
    const auto count = hits().count;
    return {static_cast<double>(count), count_of(count, "fault") + " happened"};
  }

  Finding came_back_early() const {
    const auto all = hits();
    if (all.count == 0) return {std::nullopt, "no client got a Retry-After"};
    const auto waits = all.count - all.early;
    return {static_cast<double>(all.early),
            count_of(all.early, "request") +
                " came before the time in Retry-After was over; clients " + "got Retry-After " +
                count_of(waits, "time"),
            true, static_cast<double>(all.count)};
  }

  Finding availability() const {
    auto text =
        std::to_string(tally_.ok) + " of " + count_of(tally_.all, "operation") + " succeeded";
    const auto& reasons = tally_.reasons;
    const auto most =
        std::max_element(reasons.begin(), reasons.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most != reasons.end()) {
      text += "; most often: " + most->first + " (" + std::to_string(most->second) + ")";
    }
    return {static_cast<double>(tally_.ok) / static_cast<double>(tally_.all), text};
  }

  Finding latency(double p) const {
    const auto count = tally_.took.count();
    if (count == 0) return {std::nullopt, "no operation succeeded", true};
    auto text = "of " + count_of(count, "operation") + " that succeeded";
    if (count > Sample::kMost) text += ", from a sample of " + std::to_string(Sample::kMost);
    return {seconds(tally_.took.percentile(p)), text};
  }

  // Computes the longest time of any user from the start of the span. `when` returns no value for a
  // user that does not count, and kForever for a user for which the event never came.
  static constexpr Duration kForever = Duration::max();
  template <class When>
  Finding slowest(const When& when, const std::string& nobody, const std::string& verb) const {
    std::optional<Duration> worst;
    std::size_t counted = 0;
    UserNumber who{};
    for (const auto& [user, course] : tally_.users) {
      const auto at = when(course);
      if (!at) continue;
      ++counted;
      if (worst && *worst >= *at) continue;
      worst = at;
      who = user;
    }
    if (!worst) return {std::nullopt, nobody};
    const auto all = " (of " + count_of(counted, "user") + ")";
    const auto name = name_of_user(scenario_, who);
    if (*worst == kForever) return {std::nullopt, name + " never " + verb + all, true};
    return {seconds(*worst - span_.begin), "the last user who " + verb + " was " + name + all};
  }

  Finding detect() const {
    return slowest([](const UserCourse& course) { return course.noticed; },
                   "no user noticed a failure", "noticed");
  }

  Finding failover() const {
    return slowest(
        [](const UserCourse& course) {
          if (course.failed_over || !course.failed) return course.failed_over;
          return std::optional(kForever);
        },
        "no user had to fail over", "failed over");
  }

  Finding recover() const {
    return slowest(
        [&](const UserCourse& course) -> std::optional<Duration> {
          // A user did not recover if it failed until the recovery began and had no later
          // operation.
          if (!course.seen) return course.failing_before ? std::optional(kForever) : std::nullopt;
          return std::optional(course.failing ? kForever : course.recovered.value_or(span_.begin));
        },
        "no operation counted: make the phase longer, or `every` of its probes shorter",
        "recovered");
  }

  Finding messages(const std::string& what) const {
    const auto sent = static_cast<std::uint64_t>(tally_.sent);
    if (sent == 0) return {std::nullopt, "no message was sent", tally_.ok == 0};
    // The sum is negative if messages that an earlier phase counted as lost arrived in this phase.
    const auto count = std::max<std::int64_t>(tally_.messages, 0);
    return {static_cast<double>(count),
            std::to_string(count) + " of " + count_of(sent, "message") + " " + what, true,
            static_cast<double>(sent)};
  }

  Finding peak(const std::string& what) const {
    const auto width = peak_window(scenario_);
    std::uint64_t most = 0;
    for (const auto& [window, count] : tally_.windows) most = std::max(most, count);
    return {static_cast<double>(most) / seconds(width),
            "peak: " + count_of(most, what) + " in " + to_text(width)};
  }

  Finding share_of_endpoint() const {
    if (tally_.ok == 0) return {std::nullopt, "no operation succeeded", true};
    return {static_cast<double>(tally_.served_there) / static_cast<double>(tally_.ok),
            std::to_string(tally_.served_there) + " of " + count_of(tally_.ok, "operation") +
                " were served by this endpoint"};
  }

  Finding alert() const {
    if (!wanted_.probe.empty()) return firing();
    for (const auto& received : seen_.alerts) {
      if (!span_.contains(received.at) || received.text.find(wanted_.alert) == std::string::npos) {
        continue;
      }
      return {seconds(received.at - span_.begin), "received: " + shortened(received.text, 80)};
    }
    if (seen_.phases.empty()) return nothing();
    return {std::nullopt, "no webhook with this text was received", true};
  }

  // Returns the finding about an alert that a probe watches. The alert fires when the probe's query
  // has a result.
  Finding firing() const {
    if (tally_.all == 0) return nothing();
    if (!tally_.first_ok) return {std::nullopt, "the alert never fired", true};
    const auto [at, probe] = *tally_.first_ok;
    return {seconds(at - span_.begin),
            "the alert fired; its query: " + scenario_.probes[probe].query};
  }

  const Scenario& scenario_;
  const Measurements& seen_;
  const Expectation& wanted_;
  const ExpectationTally& tally_;
  bool ran_ = false;
  Span span_;
};

std::string describe(const Expectation& wanted) {
  std::string text(name_of(wanted.metric));
  for (std::size_t i = 0; i < wanted.probe.size(); ++i) {
    text += (i == 0 ? " of " : ", ") + wanted.probe[i];
  }
  for (std::size_t i = 0; i < wanted.rule.size(); ++i) {
    text += (i == 0 ? " of " : ", ") + wanted.rule[i];
  }
  for (std::size_t i = 0; i < wanted.listener.size(); ++i) {
    text += (i == 0 ? " at " : ", ") + wanted.listener[i];
  }
  if (!wanted.region.empty()) text += " from " + wanted.region;
  if (!wanted.endpoint.empty()) text += " of endpoint " + wanted.endpoint;
  if (!wanted.server.empty()) text += " of server " + wanted.server;
  if (!wanted.alert.empty()) text += " " + wanted.alert;
  if (!wanted.phase.empty()) text += " in " + wanted.phase;
  if (wanted.within > Duration::zero()) text += " from " + to_text(wanted.within) + " on";
  if (wanted.at_least) text += " at least " + print_value(wanted.metric, *wanted.at_least);
  if (wanted.at_most) text += " at most " + print_value(wanted.metric, *wanted.at_most);
  return text;
}

}  // namespace

std::vector<Verdict> judge(const Scenario& scenario, const Measurements& seen) {
  std::vector<Verdict> verdicts;
  for (std::size_t i = 0; i < scenario.expectations.size(); ++i) {
    const auto& wanted = scenario.expectations[i];
    const auto found = Judge(scenario, seen, i).find();
    Verdict verdict;
    verdict.wanted = describe(wanted);
    verdict.name = wanted.name.empty() ? verdict.wanted : wanted.name;
    verdict.value = found.value;
    verdict.of = found.of;
    verdict.evidence = found.evidence;
    verdict.measured = found.value || found.tried;
    verdict.met = found.value && (!wanted.at_least || *found.value >= *wanted.at_least) &&
                  (!wanted.at_most || *found.value <= *wanted.at_most);
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

std::string print_time(Duration value) {
  using std::chrono::seconds;
  if (value < std::chrono::minutes(1)) {
    const auto to = value < seconds(1) ? Duration(100'000) : Duration(100'000'000);
    return to_text((value + to / 2) / to * to);
  }
  auto left = std::chrono::round<seconds>(value).count();
  std::string text;
  for (const auto& [size, unit] : {std::pair{3600, "h"}, std::pair{60, "m"}, std::pair{1, "s"}}) {
    if (left >= size) text += std::to_string(left / size) + unit;
    left %= size;
  }
  return text;
}

std::string print_value(Metric metric, double value) {
  const auto rounded = [](double number, double to) { return std::round(number * to) / to; };
  // A report may contain numbers that do not fit the integers below. Print such with four digits.
  constexpr double kMostShown = 9e9;
  if (!(std::abs(value) <= kMostShown)) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4g%s", value,
                  unit_of(metric) == Unit::kTime ? "s" : "");
    return text.data();
  }
  switch (unit_of(metric)) {
    case Unit::kShare: {
      const auto hundredths = std::llround(value * 1e4);
      auto text =
          std::to_string(hundredths / 100) + "." + std::to_string(100 + hundredths % 100).substr(1);
      text.erase(text.find_last_not_of('0') + 1);
      return (text.ends_with('.') ? text.substr(0, text.size() - 1) : text) + "%";
    }
    case Unit::kTime:
      return print_time(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(value)));
    case Unit::kCount:
      return std::to_string(static_cast<std::int64_t>(value));
    case Unit::kRate:
      break;
  }
  return to_text(Frequency{rounded(value, 1e3)});
}

}  // namespace brownout::rules
