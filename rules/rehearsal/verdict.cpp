#include "rules/rehearsal/verdict.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "rules/rehearsal/finding.h"

namespace brownout::rules {

std::string count_of(std::uint64_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

namespace {

double seconds(Duration value) { return std::chrono::duration<double>(value).count(); }

// One expectation over what it is about.
class Judge {
 public:
  Judge(const Scenario& scenario, const Measurements& seen, const Expectation& wanted)
      : scenario_(scenario), seen_(seen), wanted_(wanted) {
    span_ = interval();
    counted_ = {span_.begin + wanted.within, span_.end};
    for (const auto& one : seen.operations) {
      if (is_meant(one) && counted_.contains(one.ended)) mine_.push_back(&one);
    }
  }

  Finding find() const {
    if (wanted_.about_traffic()) return find_in_traffic(scenario_, seen_, wanted_, counted_);
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
        return sum(&Operation::lost, "lost");
      case Metric::kDuplicated:
        return sum(&Operation::duplicated, "duplicated");
      case Metric::kReordered:
        return sum(&Operation::reordered, "out of order");
      case Metric::kReconnectRate:
        return peak(&Operation::connects, "connection");
      case Metric::kAttemptRate:
        return peak(&Operation::attempts, "attempt");
      case Metric::kShare:
        return share_of_endpoint();
      case Metric::kAlert:
        return alert();
    }
    return {};
  }

 private:
  bool is_meant(const Operation& one) const {
    const auto& probe = probe_of(one);
    if (!wanted_.region.empty() && probe.region != wanted_.region) return false;
    if (wanted_.probe.empty() && probe.watches) return false;
    return wanted_.probe.empty() ||
           std::find(wanted_.probe.begin(), wanted_.probe.end(), probe.name) != wanted_.probe.end();
  }

  // A time to recover counts from the recovery if nothing else is said, other times from the first
  // phase that has rules.
  Span interval() const {
    const auto of = [&](auto condition) -> std::optional<Span> {
      for (const auto& one : seen_.phases) {
        if (condition(scenario_.phases[one.phase])) return Span{one.begin, one.end};
      }
      return std::nullopt;
    };
    // Of a phase that never was nothing counts.
    if (!wanted_.phase.empty()) {
      return of([&](const Phase& phase) { return phase.name == wanted_.phase; })
          .value_or(Span{Duration::zero(), Duration::zero()});
    }
    const auto to_end = [](std::optional<Span> span) {
      return Span{span ? span->begin : Duration::zero(), Duration::max()};
    };
    switch (wanted_.metric) {
      case Metric::kTimeToRecover:
        return to_end(of([](const Phase& phase) { return phase.recovery; }));
      case Metric::kTimeToDetect:
      case Metric::kTimeToFailover:
      case Metric::kAlert:
        return to_end(of([](const Phase& phase) { return !phase.rules.empty(); }));
      default:
        return {};
    }
  }

  Finding availability() const {
    if (mine_.empty()) return {std::nullopt, "there was no operation"};
    std::size_t ok = 0;
    std::map<std::string, std::size_t> reasons;
    for (const auto* one : mine_) {
      ok += one->ok ? 1U : 0U;
      if (!one->ok) ++reasons[one->why];
    }
    std::string text =
        std::to_string(ok) + " of " + count_of(mine_.size(), "operation") + " succeeded";
    const auto most =
        std::max_element(reasons.begin(), reasons.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most != reasons.end()) {
      text += "; most often: " + most->first + " (" + std::to_string(most->second) + ")";
    }
    return {static_cast<double>(ok) / static_cast<double>(mine_.size()), text};
  }

  Finding latency(double p) const {
    std::vector<Duration> took;
    for (const auto* one : mine_) {
      if (one->ok) took.push_back(one->took);
    }
    if (took.empty()) return {std::nullopt, "no operation succeeded"};
    const auto count = took.size();
    return {seconds(percentile(std::move(took), p)),
            "of " + count_of(count, "operation") + " that succeeded"};
  }

  using User = std::pair<std::uint32_t, std::uint32_t>;
  std::map<User, std::vector<const Operation*>> by_user() const {
    std::map<User, std::vector<const Operation*>> users;
    for (const auto* one : mine_) users[{one->probe, one->user}].push_back(one);
    return users;
  }
  std::string name_of_user(const User& user) const {
    return scenario_.probes[user.first].name + " " + std::to_string(user.second + 1);
  }

  // The slowest user's time from the beginning of the span; `when` gives none for a user who does
  // not count, and kForever for one who never got there.
  static constexpr Duration kForever = Duration::max();
  using When = std::function<std::optional<Duration>(const std::vector<const Operation*>&)>;
  Finding slowest(const When& when, const std::string& nobody, const std::string& verb) const {
    std::optional<Duration> worst;
    std::size_t counted = 0;
    User who{};
    for (const auto& [user, operations] : by_user()) {
      const auto at = when(operations);
      if (!at) continue;
      ++counted;
      if (worst && *worst >= *at) continue;
      worst = at;
      who = user;
    }
    if (!worst) return {std::nullopt, nobody};
    const auto all = " (of " + count_of(counted, "user") + ")";
    if (*worst == kForever) return {std::nullopt, name_of_user(who) + " never " + verb + all};
    return {seconds(*worst - span_.begin),
            "the last who " + verb + " was " + name_of_user(who) + all};
  }

  Finding detect() const {
    return slowest(
        [](const auto& operations) -> std::optional<Duration> {
          for (const auto* one : operations) {
            if (one->failed > 0) return one->ended;
          }
          return std::nullopt;
        },
        "nobody noticed anything", "noticed");
  }

  Finding failover() const {
    return slowest(
        [](const auto& operations) -> std::optional<Duration> {
          bool failed = false;
          for (const auto* one : operations) {
            failed |= one->failed > 0;
            if (one->ok && one->endpoint > 0) return one->ended;
          }
          return failed ? std::optional(kForever) : std::nullopt;
        },
        "nobody had to fail over", "failed over");
  }

  Finding recover() const {
    return slowest(
        [&](const auto& operations) -> std::optional<Duration> {
          Duration at = span_.begin;
          for (const auto* one : operations) {
            if (!one->ok) at = kForever;
            if (one->ok && at == kForever) at = one->ended;
          }
          return at;
        },
        "there was no operation", "recovered");
  }

  Finding sum(std::int64_t Operation::*member, const std::string& what) const {
    std::int64_t total = 0;
    std::int64_t sent = 0;
    for (const auto* one : mine_) {
      total += one->*member;
      sent += one->sent;
    }
    return {static_cast<double>(total), std::to_string(total) + " of " +
                                            count_of(static_cast<std::size_t>(sent), "message") +
                                            " " + what};
  }

  Finding peak(std::uint32_t Operation::*member, const std::string& what) const {
    const auto width = peak_window(scenario_);
    std::map<std::int64_t, std::uint64_t> windows;
    for (const auto* one : mine_) {
      // Its attempts are taken to be spread evenly over its time.
      const auto count = static_cast<std::int64_t>(one->*member);
      for (std::int64_t i = 0; i < count; ++i) {
        ++windows[(one->began + (one->ended - one->began) * i / count) / width];
      }
    }
    std::uint64_t most = 0;
    for (const auto& [window, count] : windows) most = std::max(most, count);
    return {static_cast<double>(most) / seconds(width),
            "the most were " + count_of(most, what) + " in " + to_text(width)};
  }

  Finding share_of_endpoint() const {
    std::size_t served = 0;
    std::size_t all = 0;
    for (const auto* one : mine_) {
      if (!one->ok || one->endpoint < 0) continue;
      ++all;
      const auto& endpoints = scenario_.probes[one->probe].endpoints;
      served += endpoints[static_cast<std::size_t>(one->endpoint)] == wanted_.endpoint ? 1U : 0U;
    }
    if (all == 0) return {std::nullopt, "no operation succeeded"};
    return {static_cast<double>(served) / static_cast<double>(all),
            std::to_string(served) + " of " + count_of(all, "operation") + " were served there"};
  }

  Finding alert() const {
    if (!wanted_.probe.empty()) return firing();
    for (const auto& one : seen_.alerts) {
      if (!span_.contains(one.at) || one.text.find(wanted_.alert) == std::string::npos) continue;
      return {seconds(one.at - span_.begin), "received: " + one.text.substr(0, 80)};
    }
    return {std::nullopt, "no such webhook was received"};
  }

  // A rule fires: a probe finds what it asks for.
  Finding firing() const {
    for (const auto* one : mine_) {
      if (one->ok) return {seconds(one->ended - span_.begin), "it fires: " + probe_of(*one).query};
    }
    return {std::nullopt, "it never fired"};
  }

  const Probe& probe_of(const Operation& one) const { return scenario_.probes[one.probe]; }

  const Scenario& scenario_;
  const Measurements& seen_;
  const Expectation& wanted_;
  Span span_;     // of the phase
  Span counted_;  // what of it counts
  std::vector<const Operation*> mine_;
};

std::string describe(const Expectation& wanted) {
  std::string text(name_of(wanted.metric));
  for (std::size_t i = 0; i < wanted.probe.size(); ++i) {
    text += (i == 0 ? " of " : ", ") + wanted.probe[i];
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
  for (const auto& wanted : scenario.expectations) {
    const auto found = Judge(scenario, seen, wanted).find();
    Verdict verdict;
    verdict.wanted = describe(wanted);
    verdict.name = wanted.name.empty() ? verdict.wanted : wanted.name;
    verdict.value = found.value;
    verdict.evidence = found.evidence;
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

Duration percentile(std::vector<Duration> values, double p) {
  if (values.empty()) return {};
  const auto last = static_cast<double>(values.size() - 1);
  const auto index = static_cast<std::ptrdiff_t>(std::lround(p * last));
  std::nth_element(values.begin(), values.begin() + index, values.end());
  return values[static_cast<std::size_t>(index)];
}

}  // namespace brownout::rules
