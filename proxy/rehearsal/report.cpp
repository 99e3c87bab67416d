#include "proxy/rehearsal/report.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "proxy/rehearsal/markup.h"
#include "proxy/rehearsal/series.h"

namespace brownout::rehearsal {
namespace {

using nlohmann::json;

constexpr std::size_t kSteps = 120;
constexpr std::string_view kFormat = "brownout-report-1";

double seconds(Duration value) { return std::chrono::duration<double>(value).count(); }

std::string_view name_of(Result result) {
  switch (result) {
    case Result::kMet:
      return "met";
    case Result::kNotMet:
      return "not met";
    case Result::kStopped:
      break;
  }
  return "stopped";
}

json json_of(const std::vector<Step>& steps) {
  json ok = json::array();
  json failed = json::array();
  json p50 = json::array();
  json p99 = json::array();
  for (const auto& step : steps) {
    ok.push_back(step.ok);
    failed.push_back(step.failed);
    p50.push_back(step.p50_ms);
    p99.push_back(step.p99_ms);
  }
  return {{"ok", ok}, {"failed", failed}, {"p50_ms", p50}, {"p99_ms", p99}};
}

json json_of(const rules::TrafficCounts& counts) {
  json histogram = json::array();
  for (const auto& one : counts.latency.buckets()) {
    histogram.push_back({{"at_most_s", seconds(one.most)}, {"count", one.count}});
  }
  return {{"ok", counts.ok},
          {"failed", counts.failed},
          {"connections", counts.connections},
          {"servers", counts.servers},
          {"p50_s", seconds(counts.latency.percentile(0.5))},
          {"p99_s", seconds(counts.latency.percentile(0.99))},
          {"latency", histogram}};
}

json json_of(const Series& series) {
  json probes = json::array();
  for (const auto& one : series.probes) {
    auto row = json_of(one.steps);
    row["probe"] = one.probe;
    row["region"] = one.region;
    probes.push_back(std::move(row));
  }
  json traffic = json::array();
  for (const auto& one : series.traffic) {
    auto row = json_of(one.steps);
    row["listener"] = one.listener;
    row["region"] = one.region;
    row["connections"] = one.connections;
    row["total"] = json_of(one.total);
    traffic.push_back(std::move(row));
  }
  json faults = json::array();
  for (const auto& one : series.faults) {
    faults.push_back({{"rule", one.rule}, {"injected", one.injected}});
  }
  json marks = json::array();
  for (const auto& one : series.marks) {
    marks.push_back({{"at_s", seconds(one.at)}, {"what", one.what}, {"probe", one.probe}});
  }
  return {{"step_s", seconds(series.width)},
          {"probes", probes},
          {"traffic", traffic},
          {"faults", faults},
          {"marks", marks}};
}

json json_of(const rules::Impact& impact) {
  json regions = json::array();
  for (const auto& one : impact.regions) {
    regions.push_back({{"name", one.name},
                       {"users", one.users},
                       {"affected", one.affected},
                       {"failed", one.failed},
                       {"sessions", one.sessions},
                       {"outage_minutes", one.outage_minutes},
                       {"arithmetic", one.arithmetic}});
  }
  json sectors = json::array();
  for (const auto& one : impact.sectors) {
    sectors.push_back({{"name", one.name},
                       {"affected", one.affected},
                       {"sessions", one.sessions},
                       {"value", one.value},
                       {"arithmetic", one.arithmetic}});
  }
  return {{"regions", regions}, {"sectors", sectors}};
}

}  // namespace

Result Report::result() const {
  if (!course.stopped.empty()) return Result::kStopped;
  for (const auto& one : verdicts) {
    if (!one.met) return Result::kNotMet;
  }
  return missed.empty() ? Result::kMet : Result::kNotMet;
}

std::string Report::headline() const {
  std::size_t met = 0;
  for (const auto& one : verdicts) met += one.met ? 1U : 0U;
  auto text = fmt::format("{}: {} of {} expectations met", scenario->name, met, verdicts.size());
  if (!missed.empty()) text += fmt::format(", {} rules matched nobody", missed.size());
  if (!course.stopped.empty()) text += "; stopped: " + course.stopped;
  return text;
}

Report make_report(const rules::Scenario& scenario, Course course, bool missed_rules_count) {
  Report report;
  report.scenario = &scenario;
  report.verdicts = rules::judge(scenario, course.seen);
  if (missed_rules_count) report.missed = course.never_matched;
  report.impact = rules::impact_of(scenario, course.seen);
  report.course = std::move(course);
  return report;
}

json to_json(const Report& report) {
  const auto& seen = report.course.seen;
  json phases = json::array();
  for (const auto& one : seen.phases) {
    const auto& phase = report.scenario->phases[one.phase];
    phases.push_back({{"name", phase.name},
                      {"begin_s", seconds(one.begin)},
                      {"end_s", seconds(one.end)},
                      {"rules", phase.rules}});
  }
  json verdicts = json::array();
  for (std::size_t i = 0; i < report.verdicts.size(); ++i) {
    const auto& one = report.verdicts[i];
    const auto metric = report.scenario->expectations[i].metric;
    json value = nullptr;
    if (one.value) value = *one.value;
    verdicts.push_back({{"name", one.name},
                        {"metric", rules::name_of(metric)},
                        {"wanted", one.wanted},
                        {"more_is_better", report.scenario->expectations[i].at_least.has_value()},
                        {"met", one.met},
                        {"value", value},
                        {"evidence", one.evidence}});
  }
  return {{"format", kFormat},
          {"version", report.version},
          {"scenario", report.scenario->name},
          {"started", report.started},
          {"time_scale", report.scenario->time_scale},
          {"seed", report.course.seed},
          {"result", name_of(report.result())},
          {"stopped", report.course.stopped},
          {"phases", phases},
          {"expectations", verdicts},
          {"missed_rules", report.missed},
          {"series", json_of(series_of(*report.scenario, seen, kSteps))},
          {"impact", json_of(report.impact)},
          {"path", report.path},
          {"file", report.file}};
}

bool is_report(const json& value) {
  return value.is_object() && value.value("format", "") == kFormat &&
         value.contains("expectations") && value["expectations"].is_array();
}

std::string to_junit(const Report& report) {
  const bool stopped = !report.course.stopped.empty();
  std::size_t failures = report.missed.size();
  for (const auto& one : report.verdicts) failures += one.met ? 0U : 1U;
  const auto tests = report.verdicts.size() + report.missed.size() + (stopped ? 1U : 0U);
  const auto name = escaped(report.scenario->name);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += fmt::format(
      "<testsuites>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
      "timestamp=\"{}\">\n",
      name, tests, failures, stopped ? 1 : 0, report.started);
  const auto add = [&](const std::string& test, const char* kind, const std::string& message) {
    text += fmt::format("<testcase classname=\"{}\" name=\"{}\"", name, escaped(test));
    if (kind == nullptr) {
      text += "/>\n";
    } else {
      text += fmt::format("><{0} message=\"{1}\">{1}</{0}></testcase>\n", kind, escaped(message));
    }
  };
  for (const auto& one : report.verdicts) {
    add(one.name, one.met ? nullptr : "failure", one.wanted + ": " + one.evidence);
  }
  for (const auto& rule : report.missed) {
    add("rule " + rule + " matches somebody", "failure", "it matched nobody");
  }
  if (stopped) add("it runs to its end", "error", report.course.stopped);
  return text + "</testsuite>\n</testsuites>\n";
}

std::string to_markdown(const Report& report) {
  std::string text = "# " + report.headline() + "\n\n";
  text += fmt::format("Seed {}, started {}, {}x.\n\n", report.course.seed, report.started,
                      report.scenario->time_scale);
  text += "| | expectation | measured | evidence |\n|---|---|---|---|\n";
  for (std::size_t i = 0; i < report.verdicts.size(); ++i) {
    const auto& one = report.verdicts[i];
    const auto metric = report.scenario->expectations[i].metric;
    text +=
        fmt::format("| {} | {} | {} | {} |\n", one.met ? "met" : "**NOT MET**", one.wanted,
                    one.value ? rules::print_value(metric, *one.value) : "nothing", one.evidence);
  }
  for (const auto& rule : report.missed) {
    text += fmt::format("| **NOT MET** | rule {} matches somebody | nobody | |\n", rule);
  }
  const auto series = series_of(*report.scenario, report.course.seen, kSteps);
  if (!series.traffic.empty()) {
    text +=
        "\n| listener | region | served | p50 | p99 | connections |\n|---|---|---|---|---|---|\n";
  }
  for (const auto& one : series.traffic) {
    const auto& total = one.total;
    text +=
        fmt::format("| {} | {} | {} of {} | {} | {} | {} |\n", one.listener, one.region, total.ok,
                    total.ok + total.failed, rules::print_time(total.latency.percentile(0.5)),
                    rules::print_time(total.latency.percentile(0.99)), total.connections);
  }
  text +=
      "\n| region | users | affected | sessions broken | operations failed | outage minutes "
      "|\n|---|---|---|---|---|---|\n";
  for (const auto& one : report.impact.regions) {
    text += fmt::format("| {} | {:.0f} | {:.0f} | {:.0f} | {:.0f} | {:.1f} |\n", one.name,
                        one.users, one.affected, one.sessions, one.failed, one.outage_minutes);
  }
  if (report.impact.sectors.empty()) return text;
  text += "\n| sector | affected | sessions broken | value | arithmetic |\n|---|---|---|---|---|\n";
  for (const auto& one : report.impact.sectors) {
    text += fmt::format("| {} | {:.0f} | {:.0f} | {:.2f} | {} |\n", one.name, one.affected,
                        one.sessions, one.value, one.arithmetic);
  }
  return text;
}

}  // namespace brownout::rehearsal
