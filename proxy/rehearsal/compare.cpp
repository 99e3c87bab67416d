// Compares two reports of the same rehearsal: which values got better, and which got worse.
#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "proxy/rehearsal/read_report.h"
#include "rules/base/find_named.h"
#include "rules/base/terminal_text.h"

namespace brownout::rehearsal {
namespace {

using rules::Metric;

std::string print(const ReadExpectation& expectation) {
  if (!expectation.measured) return "not measured";
  if (!expectation.value) return "nothing";
  if (!expectation.metric) return fmt::format("{:.4g}", *expectation.value);
  auto text = rules::print_value(*expectation.metric, *expectation.value);
  if (expectation.of) text += fmt::format(" of {:.15g}", *expectation.of);
  return text;
}

enum class Change { kSame, kBetter, kDifferent, kNotMeasured, kWorse };

// Whether a better value counts as an improvement. Rates and shares of connections also depend on
// the number of users. So for these metrics, only a worse value counts.
bool is_quality(const ReadExpectation& expectation) {
  return expectation.metric != Metric::kAttemptRate &&
         expectation.metric != Metric::kReconnectRate && expectation.metric != Metric::kShare;
}

// Returns the value to compare. With `shares`, it is a count divided by its total: a run that sends
// fewer messages may lose fewer for this reason alone.
double quantity(const ReadExpectation& expectation, bool shares) {
  return shares ? *expectation.value / *expectation.of : *expectation.value;
}

// Returns the difference in seconds that a busy machine alone may cause. It is scaled by the time
// scale, except for latencies, which are measured in real time.
double noise(const ReadExpectation& expectation, double time_scale) {
  if (!expectation.metric || unit_of(*expectation.metric) != rules::Unit::kTime) return 0;
  const bool latency =
      *expectation.metric == Metric::kLatencyP50 || *expectation.metric == Metric::kLatencyP99;
  return latency ? 0.010 : 0.100 * std::max(time_scale, 0.0);
}

Change change(const ReadExpectation& before, const ReadExpectation& after, double tolerance,
              double time_scale) {
  if (!after.measured) return Change::kNotMeasured;
  if (!before.measured) return Change::kDifferent;
  if (before.met != after.met) return after.met ? Change::kBetter : Change::kWorse;
  if (before.value.has_value() != after.value.has_value()) {
    return after.value ? Change::kBetter : Change::kWorse;
  }
  if (!after.value) return Change::kSame;
  const bool counts = before.of && after.of;
  const bool shares = counts && *before.of > 0 && *after.of > 0;
  const double from = quantity(before, shares);
  const double to = quantity(after, shares);
  const double same =
      std::max(tolerance * std::max(std::abs(from), 1e-9), noise(after, time_scale));
  if (from == to || std::abs(to - from) <= same) {
    return counts && *before.value != *after.value ? Change::kDifferent : Change::kSame;
  }
  if ((to > from) != after.more_is_better) return Change::kWorse;
  return is_quality(after) ? Change::kBetter : Change::kDifferent;
}

std::string_view word(Change change) {
  switch (change) {
    case Change::kSame:
      return "same";
    case Change::kBetter:
      return "better";
    case Change::kDifferent:
      return "changed";
    case Change::kNotMeasured:
      return "unknown";
    case Change::kWorse:
      break;
  }
  return "WORSE";
}

std::string servers(const Circumstances& circumstances) {
  return circumstances.embedded.empty()
             ? "the servers in the rule file"
             : "embedded servers (--embedded " + circumstances.embedded + ")";
}

// Checks that the two reports can be compared. If they cannot, returns an error with the reason.
rules::Result<void> fit(const ReadReport& before, const ReadReport& after) {
  if (before.circumstances.embedded.empty() != after.circumstances.embedded.empty()) {
    return rules::config_error("the reports cannot be compared: one is of a run against " +
                                   servers(before.circumstances) + ", the other against " +
                                   servers(after.circumstances),
                               "run both rehearsals with embedded servers, or both with real ones");
  }
  const bool named = !before.scenario.empty() && !after.scenario.empty();
  const bool common = std::any_of(
      after.expectations.begin(), after.expectations.end(), [&](const auto& expectation) {
        return rules::find_named(before.expectations, expectation.name) != nullptr;
      });
  if ((!named || before.scenario == after.scenario) && common) return {};
  if (before.scenario == after.scenario) {
    return rules::config_error("the reports cannot be compared: both are of " +
                                   rules::in_quotes(before.scenario) +
                                   ", but they have no expectation in common",
                               "run both rehearsals with the same names in [[expect]]");
  }
  return rules::config_error("the reports cannot be compared: one is of " +
                                 rules::in_quotes(before.scenario) + ", the other of " +
                                 rules::in_quotes(after.scenario) +
                                 (common ? "" : ", and they have no expectation in common"),
                             "give two reports of the same scenario");
}

}  // namespace

rules::Result<Comparison> compare(const ReadReport& before, const ReadReport& after,
                                  double tolerance) {
  if (auto fits = fit(before, after); !fits) return tl::unexpected(fits.error());
  Comparison done{.scenario = after.scenario};
  if (before.circumstances.embedded != after.circumstances.embedded) {
    done.note =
        servers(before.circumstances) + " before, " + servers(after.circumstances) + " after";
  }
  for (const auto& expectation : after.expectations) {
    const auto* old = rules::find_named(before.expectations, expectation.name);
    if (old == nullptr) {
      const bool failed = expectation.measured && !expectation.met;
      done.rows.push_back(
          {"new", expectation.name, expectation.wanted, "", print(expectation), failed});
      continue;
    }
    const auto how = change(*old, expectation, tolerance, after.time_scale);
    // A value that was measured only in the first report may be worse now, so it counts as worse.
    done.regressed |= how == Change::kWorse || (how == Change::kNotMeasured && old->measured);
    done.rows.push_back({std::string(word(how)), expectation.name, expectation.wanted, print(*old),
                         print(expectation)});
  }
  for (const auto& expectation : before.expectations) {
    if (rules::find_named(after.expectations, expectation.name) != nullptr) continue;
    done.rows.push_back({"gone", expectation.name, expectation.wanted, print(expectation), ""});
  }
  return done;
}

std::string print_value(const ReadExpectation& expectation) { return print(expectation); }

std::string Comparison::text() const {
  auto text = note.empty() ? std::string() : fmt::format("{:<8} {}\n", "note", note);
  for (const auto& row : rows) {
    const auto* arrow = row.before.empty() || row.after.empty() ? "" : " -> ";
    text += rules::escaped(fmt::format("{:<8} {}: {}{}{}", row.word, row.name, row.before, arrow,
                                       row.after_with_failure())) +
            "\n";
  }
  return text;
}

}  // namespace brownout::rehearsal
