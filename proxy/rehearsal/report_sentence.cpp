// The first sentence of a report.
#include <fmt/core.h>

#include "proxy/rehearsal/report.h"

namespace brownout::rehearsal {
namespace {

// Converts "2026-11-29T17:32:35Z" to "2026-11-29 at 17:32:35 UTC".
std::string readable_time(const std::string& started) {
  constexpr std::size_t kDay = 10;
  constexpr std::size_t kLength = 20;
  if (started.size() != kLength) return started;
  return started.substr(0, kDay) + " at " + started.substr(kDay + 1, 8) + " UTC";
}

std::string verdict_clause(const Report& report) {
  const auto name = rules::in_quotes(report.scenario->name);
  const auto all = rules::count_of(report.verdicts.size(), "expectation");
  std::size_t failed = 0;
  for (const auto& verdict : report.verdicts) failed += verdict.measured && !verdict.met ? 1U : 0U;
  switch (report.result()) {
    case Result::kMet:
      return fmt::format("{} met all of its {}", name, all);
    case Result::kNotMet:
      if (failed == 0) return fmt::format("{} has rules that matched no traffic", name);
      return fmt::format("{} failed {} of its {}", name, failed, all);
    case Result::kNotMeasured:
      return name + " has no verdict";
    case Result::kStopped:
      break;
  }
  return name + " was stopped";
}

}  // namespace

std::string Report::sentence() const {
  const auto& phases = course.seen.phases;
  const auto length = phases.empty() ? rules::Duration{} : phases.back().end;
  auto text = verdict_clause(*this) + ": it started on " + readable_time(started);
  text += ", ran for " + rules::print_time(length);
  if (circumstances.virtual_time) {
    text += " of virtual time";
  } else if (scenario->time_scale != 1) {
    text += fmt::format(" of scenario time ({} of real time, {}x)", rules::print_time(took),
                        scenario->time_scale);
  }
  if (!machine.empty()) text += " on " + machine;
  if (!circumstances.embedded.empty()) {
    text += ", against embedded servers (--embedded " + circumstances.embedded + ")";
  }
  return text + fmt::format(", with Brownout {} and seed {}.", version, course.seed);
}

}  // namespace brownout::rehearsal
