#include "proxy/rehearsal/live_course.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "rules/base/valid_text.h"

namespace brownout::rehearsal {
namespace {

using CourseJson = nlohmann::ordered_json;

// The member "now" of a probe counts operations of this much real time, up to the latest operation.
constexpr Duration kRecent = std::chrono::seconds(5);

double in_seconds(Duration time) { return std::chrono::duration<double>(time).count(); }

CourseJson phases_of(const Runner& runner) {
  const auto& scenario = runner.scenario();
  const auto& begun = runner.phases();
  CourseJson phases = CourseJson::array();
  Duration begin{};
  for (std::size_t i = 0; i < scenario.phases.size(); ++i) {
    const auto& phase = scenario.phases[i];
    const auto found = std::find_if(begun.begin(), begun.end(),
                                    [&](const auto& interval) { return interval.phase == i; });
    const bool known = found != begun.end();
    if (known) begin = found->begin;
    const auto end = known ? found->end : begin + phase.length;
    const bool running = known && found + 1 == begun.end();
    const auto left = rules::stretched(end - runner.now(), 1 / scenario.time_scale);
    const auto* state = running ? "running" : known ? "done" : "planned";
    // A halt skips the phases up to the recovery.
    if (!known && !begun.empty() && begun.back().phase > i) state = "skipped";
    phases.push_back({{"name", rules::valid_text(phase.name)},
                      {"begin_s", in_seconds(begin)},
                      {"end_s", in_seconds(end)},
                      {"state", state},
                      {"left_s", running ? std::max(0.0, in_seconds(left)) : 0.0}});
    begin = end;
  }
  return phases;
}

// Counts the latest operations of a probe, for the member "now".
CourseJson latest(const Runner& runner, const rules::ProbeTally& tally) {
  const auto width = rules::ProbeTally::width(runner.scenario());
  const auto recent = rules::stretched(kRecent, runner.scenario().time_scale);
  const auto most = std::max<std::int64_t>(1, recent / std::max(width, Duration(1)));
  std::uint64_t ok = 0;
  std::uint64_t failed = 0;
  std::int64_t steps = 0;
  for (auto step = tally.steps.rbegin(); step != tally.steps.rend() && steps < most; ++step) {
    if (steps == 0 && step->ok + step->failed == 0) continue;
    ok += step->ok;
    failed += step->failed;
    ++steps;
  }
  return {{"ok", ok}, {"failed", failed}};
}

}  // namespace

CourseJson course_of(const Runner& runner) {
  const auto& scenario = runner.scenario();
  CourseJson probes = CourseJson::array();
  for (std::size_t i = 0; i < scenario.probes.size(); ++i) {
    const auto& tally = runner.seen().tally.probe(i);
    probes.push_back({{"name", rules::valid_text(scenario.probes[i].name)},
                      {"users", scenario.probes[i].users},
                      {"ok", tally.ok},
                      {"failed", tally.failed},
                      {"now", latest(runner, tally)}});
  }
  return {{"name", rules::valid_text(scenario.name)},
          {"now_s", in_seconds(runner.now())},
          {"length_s", in_seconds(scenario.length())},
          {"halted", rules::valid_text(runner.why_halted())},
          {"phases", phases_of(runner)},
          {"probes", probes}};
}

}  // namespace brownout::rehearsal
