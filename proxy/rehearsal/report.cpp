#include "proxy/rehearsal/report.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "proxy/rehearsal/markup.h"
#include "proxy/rehearsal/series.h"

namespace brownout::rehearsal {
namespace {

using nlohmann::json;

constexpr std::size_t kJsonSteps = 120;

double seconds(Duration value) { return std::chrono::duration<double>(value).count(); }

std::string_view name_of(Result result) {
  switch (result) {
    case Result::kMet:
      return "met";
    case Result::kNotMet:
      return "not met";
    case Result::kNotMeasured:
      return "not measured";
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
  for (const auto& bucket : counts.latency.buckets()) {
    histogram.push_back({{"at_most_s", seconds(bucket.most)}, {"count", bucket.count}});
  }
  const auto percentile = [&](double p) -> json {
    if (counts.latency.count() == 0) return nullptr;
    return seconds(counts.latency.percentile(p));
  };
  return {{"ok", counts.ok},
          {"failed", counts.failed},
          {"connections", counts.connections},
          {"turns", counts.turns},
          {"bytes_up", counts.bytes_up},
          {"bytes_down", counts.bytes_down},
          {"servers", counts.servers},
          {"p50_s", percentile(0.5)},
          {"p99_s", percentile(0.99)},
          {"latency", histogram}};
}

json json_of(const Series& series) {
  json probes = json::array();
  for (const auto& probe : series.probes) {
    auto row = json_of(probe.steps);
    row["probe"] = probe.probe;
    row["region"] = probe.region;
    probes.push_back(std::move(row));
  }
  json traffic = json::array();
  for (const auto& listener : series.traffic) {
    auto row = json_of(listener.steps);
    row["listener"] = listener.listener;
    row["region"] = listener.region;
    row["connections"] = listener.connections;
    row["total"] = json_of(listener.total);
    traffic.push_back(std::move(row));
  }
  json faults = json::array();
  for (const auto& fault : series.faults) {
    faults.push_back(
        {{"rule", fault.rule}, {"injected", fault.injected}, {"came_back_early", fault.early}});
  }
  json marks = json::array();
  for (const auto& mark : series.marks) {
    marks.push_back({{"at_s", seconds(mark.at)}, {"what", mark.what}, {"probe", mark.probe}});
  }
  return {{"step_s", seconds(series.width)},
          {"probes", probes},
          {"traffic", traffic},
          {"faults", faults},
          {"marks", marks}};
}

std::string_view unit_name(rules::Metric metric) {
  switch (rules::unit_of(metric)) {
    case rules::Unit::kShare:
      return "share";
    case rules::Unit::kTime:
      return "seconds";
    case rules::Unit::kCount:
      return "count";
    case rules::Unit::kRate:
      break;
  }
  return "per second";
}

json json_of(const rules::Impact& impact) {
  json regions = json::array();
  for (const auto& region : impact.regions) {
    regions.push_back({{"name", region.name},
                       {"users", region.users},
                       {"affected", region.affected},
                       {"failed", region.failed},
                       {"sessions", region.sessions},
                       {"outage_minutes", region.outage_minutes},
                       {"arithmetic", region.arithmetic}});
  }
  json sectors = json::array();
  for (const auto& sector : impact.sectors) {
    sectors.push_back({{"name", sector.name},
                       {"affected", sector.affected},
                       {"sessions", sector.sessions},
                       {"value", sector.value},
                       {"arithmetic", sector.arithmetic}});
  }
  return {{"regions", regions}, {"sectors", sectors}};
}

json errors_of(const Report& report) {
  json errors = json::array();
  for (const auto& [why, counts] : report.course.seen.tally.failures().kinds()) {
    for (const auto& [phase, count] : counts) {
      errors.push_back(
          {{"why", why}, {"phase", report.scenario->phases[phase].name}, {"count", count}});
    }
  }
  return errors;
}

json losses_of(const Report& report) {
  json losses = json::array();
  for (const auto& loss : report.course.seen.tally.failures().losses()) {
    json row{{"probe", report.scenario->probes[loss.probe].name},
             {"user", loss.user + 1},
             {"message", loss.message},
             {"at_s", seconds(loss.at)}};
    if (loss.found) row["found_s"] = seconds(*loss.found);
    losses.push_back(std::move(row));
  }
  return losses;
}

}  // namespace

std::string_view word_for(const rules::Verdict& verdict) {
  if (!verdict.measured) return "NOT MEASURED";
  return verdict.met ? "met" : "NOT MET";
}

std::string value_of(const rules::Expectation& wanted, const rules::Verdict& verdict) {
  return verdict.value ? rules::print_value(wanted.metric, *verdict.value) : "nothing";
}

std::string expectation_text(const rules::Verdict& verdict) {
  return verdict.name == verdict.wanted ? verdict.wanted : verdict.name + ": " + verdict.wanted;
}

Result Report::result() const {
  if (!course.stopped.empty()) return Result::kStopped;
  bool measured = !verdicts.empty();
  for (const auto& verdict : verdicts) {
    if (verdict.measured && !verdict.met) return Result::kNotMet;
    measured &= verdict.measured;
  }
  if (!missed.empty()) return Result::kNotMet;
  return measured ? Result::kMet : Result::kNotMeasured;
}

std::string Report::headline() const {
  std::size_t met = 0;
  std::size_t measured = 0;
  for (const auto& verdict : verdicts) {
    met += verdict.met ? 1U : 0U;
    measured += verdict.measured ? 1U : 0U;
  }
  auto text = fmt::format("{}: {} of {} met", scenario->name, met,
                          rules::count_of(verdicts.size(), "expectation"));
  if (verdicts.empty())
    text = scenario->name + ": there is no verdict, because the file has no [[expect]]";
  if (measured < verdicts.size()) {
    text += fmt::format(", {} not measured", verdicts.size() - measured);
  }
  if (!missed.empty())
    text += ", " + rules::count_of(missed.size(), "rule") + " matched no traffic";
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
  for (const auto& interval : seen.phases) {
    const auto& phase = report.scenario->phases[interval.phase];
    phases.push_back({{"name", phase.name},
                      {"begin_s", seconds(interval.begin)},
                      {"end_s", seconds(interval.end)},
                      {"rules", phase.rules}});
  }
  json verdicts = json::array();
  for (std::size_t i = 0; i < report.verdicts.size(); ++i) {
    const auto& verdict = report.verdicts[i];
    const auto metric = report.scenario->expectations[i].metric;
    json value = nullptr;
    if (verdict.value) value = *verdict.value;
    json of = nullptr;
    if (verdict.of) of = *verdict.of;
    verdicts.push_back({{"name", verdict.name},
                        {"metric", rules::name_of(metric)},
                        {"wanted", verdict.wanted},
                        {"more_is_better", report.scenario->expectations[i].at_least.has_value()},
                        {"met", verdict.met},
                        {"measured", verdict.measured},
                        {"unit", unit_name(metric)},
                        {"of", of},
                        {"value", value},
                        {"evidence", verdict.evidence}});
  }
  return {{"format", kReportFormat},
          {"version", report.version},
          {"scenario", report.scenario->name},
          {"started", report.started},
          {"sentence", report.sentence()},
          {"took_s", seconds(report.took)},
          {"machine", report.machine},
          {"time_scale", report.scenario->time_scale},
          {"seed", report.course.seed},
          {"result", name_of(report.result())},
          {"stopped", report.course.stopped},
          {"phases", phases},
          {"expectations", verdicts},
          {"missed_rules", report.missed},
          {"errors", errors_of(report)},
          {"lost_messages", losses_of(report)},
          {"lost_messages_left_out", seen.tally.failures().losses_left_out()},
          {"series", json_of(series_of(*report.scenario, seen, kJsonSteps))},
          {"impact", json_of(report.impact)},
          {"embedded", report.circumstances.embedded},
          {"virtual_time", report.circumstances.virtual_time},
          {"path", report.path},
          {"file", report.file}};
}

std::string to_junit(const Report& report) {
  const bool stopped = !report.course.stopped.empty();
  std::size_t failures = report.missed.size();
  std::size_t skipped = 0;
  for (const auto& verdict : report.verdicts) {
    failures += verdict.measured && !verdict.met ? 1U : 0U;
    skipped += verdict.measured ? 0U : 1U;
  }
  const auto tests = report.verdicts.size() + report.missed.size() + (stopped ? 1U : 0U);
  const auto name = escaped(report.scenario->name);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  text += fmt::format(
      "<testsuites>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
      "skipped=\"{}\" timestamp=\"{}\">\n",
      name, tests, failures, stopped ? 1 : 0, skipped, report.started);
  const auto add = [&](const std::string& test, const char* kind, const std::string& message) {
    text += fmt::format("<testcase classname=\"{}\" name=\"{}\"", name, escaped(test));
    if (kind == nullptr) {
      text += "/>\n";
    } else {
      text += fmt::format("><{0} message=\"{1}\">{1}</{0}></testcase>\n", kind, escaped(message));
    }
  };
  for (const auto& verdict : report.verdicts) {
    const char* kind = verdict.met ? nullptr : "failure";
    if (!verdict.measured) kind = "skipped";
    add(verdict.name, kind, verdict.wanted + ": " + verdict.evidence);
  }
  for (const auto& rule : report.missed) {
    add("rule " + rule + " matches some traffic", "failure", "it matched no traffic");
  }
  if (stopped) add("the rehearsal runs to its end", "error", report.course.stopped);
  return text + "</testsuite>\n</testsuites>\n";
}

}  // namespace brownout::rehearsal
