#include "rules/language/read_schedule.h"

#include <algorithm>

namespace brownout::rules {
namespace {

constexpr std::string_view kExample = R"(e.g. windows = ["10s-20s", "1m-90s"])";

void check_ramp(const Node& rule, Duration ramp, Duration shortest, std::string_view limit,
                Diagnostics& problems) {
  if (ramp <= shortest) return;
  problems.add(position_of(rule, "ramp"), "ramp is longer than " + std::string(limit),
               "shorten ramp: otherwise the fault ends before it reaches its full strength");
}

void check_windows(const Node& rule, const RuleKeys& keys, Diagnostics& problems) {
  for (const std::string_view key : {"start", "duration", "repeat"}) {
    if (const Node* other = rule.find(key)) {
      problems.add(
          other->where, "windows excludes " + std::string(key),
          "write each time at which the rule is active as a window, " + std::string(kExample));
    }
  }
  const auto& windows = keys.windows;
  const auto before = [](const Period& a, const Period& b) { return b.open < a.close; };
  if (std::adjacent_find(windows.begin(), windows.end(), before) != windows.end()) {
    problems.add(position_of(rule, "windows"),
                 "a window begins before the end of the previous window",
                 "order the windows by time, without overlaps, " + std::string(kExample));
  }
  for (const auto& window : windows) {
    check_ramp(rule, keys.ramp, window.close - window.open, "a window", problems);
  }
}

}  // namespace

Schedule read_schedule(const Node& rule, const RuleKeys& keys, Diagnostics& problems) {
  Schedule schedule{keys.start, keys.duration, keys.ramp, keys.repeat};
  const Node* windows = rule.find("windows");
  if (!keys.windows.empty()) {
    check_windows(rule, keys, problems);
    schedule.periods = std::make_shared<const std::vector<Period>>(keys.windows);
    return schedule;
  }
  if (windows != nullptr && windows->array() != nullptr && windows->array()->empty()) {
    problems.add(windows->where, "windows is empty, so the rule would never be active",
                 "leave windows out, or give a time, " + std::string(kExample));
  }
  if (keys.duration) check_ramp(rule, keys.ramp, *keys.duration, "duration", problems);
  if (keys.repeat && (!keys.duration || *keys.repeat <= *keys.duration)) {
    problems.add(position_of(rule, "repeat"),
                 keys.duration ? "repeat must be longer than duration"
                               : "repeat has no effect without duration",
                 R"(e.g. duration = "10s", repeat = "1m": on for ten seconds of each minute)");
  }
  return schedule;
}

void check_starts_once(const Node& rule, const Schedule& schedule, Diagnostics& problems) {
  const std::string key = schedule.periods ? "windows" : "repeat";
  if (!schedule.periods && !schedule.repeat) return;
  problems.add(position_of(rule, key), "a fault of a firewall does not support " + key,
               "write one rule for each time, with its start and duration");
}

}  // namespace brownout::rules
