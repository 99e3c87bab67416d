// The report as one HTML file: the verdict first, then one time axis for everything.
#include <fmt/core.h>

#include <algorithm>

#include "proxy/rehearsal/markup.h"
#include "proxy/rehearsal/report.h"
#include "proxy/rehearsal/series.h"

namespace brownout::rehearsal {
namespace {

constexpr std::size_t kSteps = 240;
constexpr double kLeft = 170;
constexpr double kWidth = 900;
constexpr double kRow = 74;

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1c2430; --soft: #667083; --line: #d7dce4; --paper: #fff; --good: #1a8a4a;
  --bad: #c8332b; --phase: #eef1f6; --blue: #2b63c6; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --soft: #98a2b3; --line: #39424f; --paper: #12161c;
  --good: #45c47d; --bad: #ff7468; --phase: #1d232c; --blue: #7aa7ff; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 1120px; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .2rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
.soft { color: var(--soft) } .good { color: var(--good) } .bad { color: var(--bad) }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .35rem .6rem;
  border-bottom: 1px solid var(--line); vertical-align: top }
svg { width: 100%; height: auto; display: block } svg text { font: 12px system-ui, sans-serif; fill: var(--ink) }
svg .soft { fill: var(--soft) } svg .band { fill: var(--phase) } svg .grid { stroke: var(--line) }
svg .ok { fill: var(--good) } svg .failed { fill: var(--bad) }
svg .line { fill: none; stroke: var(--blue); stroke-width: 1.5 }
svg .fault { fill: var(--bad); opacity: .75 } svg .mark { stroke: var(--ink); stroke-dasharray: 3 2 }
pre { overflow: auto; background: var(--phase); padding: 1rem; font-size: 12px }
)";

class Picture {
 public:
  Picture(const Report& report, const Series& series) : report_(report), series_(series) {
    end_ = series.width * static_cast<std::int64_t>(series.steps);
  }

  std::string draw() {
    std::string rows;
    for (const auto& probe : series_.probes) {
      rows += availability(probe);
      rows += latency(probe);
    }
    rows += connections();
    for (const auto& fault : series_.faults) rows += injected(fault);
    const double height = top_ + 30;
    return fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"time line\">\n",
                       kLeft + kWidth + 20, height) +
           phases(height - 30) + rows + marks(height - 30) + axis(height - 30) + "</svg>\n";
  }

 private:
  double x(Duration at) const {
    const double share = static_cast<double>(at.count()) / static_cast<double>(end_.count());
    return kLeft + kWidth * std::clamp(share, 0.0, 1.0);
  }
  double x(std::size_t step) const {
    return kLeft + kWidth * static_cast<double>(step) / static_cast<double>(series_.steps);
  }
  double step_width() const { return kWidth / static_cast<double>(series_.steps); }

  std::string phases(double bottom) const {
    std::string text;
    bool shaded = false;
    for (const auto& one : report_.course.seen.phases) {
      const auto& phase = report_.scenario->phases[one.phase];
      const double from = x(one.begin);
      const double to = x(one.end);
      shaded = !shaded;
      if (shaded) {
        text += fmt::format(
            "<rect class=\"band\" x=\"{:.1f}\" y=\"0\" width=\"{:.1f}\" height=\"{}\"/>\n", from,
            to - from, bottom);
      }
      text += fmt::format(
          "<text class=\"phase\" x=\"{0:.1f}\" y=\"14\"><title>{1}: {2}</title>{3}</text>\n",
          from + 4, escaped(phase.name), rules::print_time(one.end - one.begin),
          escaped(phase.name.substr(0, static_cast<std::size_t>(std::max(0.0, (to - from) / 7)))));
    }
    return text;
  }

  std::string label(const std::string& first, const std::string& second) const {
    return fmt::format(
        "<text x=\"0\" y=\"{:.1f}\">{}</text><text class=\"soft\" x=\"0\" y=\"{:.1f}\">{}</text>\n"
        "<line class=\"grid\" x1=\"{}\" x2=\"{}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n",
        top_ + 26, escaped(first.substr(0, 24)), top_ + 42, escaped(second.substr(0, 26)), kLeft,
        kLeft + kWidth, top_ + kRow - 10, top_ + kRow - 10);
  }

  std::string bar(const char* kind, std::size_t step, double y, double height) const {
    if (height <= 0) return {};
    return fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.1f}\"/>", kind,
        x(step), y, step_width(), height);
  }

  std::string availability(const ProbeSeries& probe) {
    auto text =
        label(probe.probe, probe.region.empty() ? "availability" : probe.region + ": availability");
    const double full = kRow - 20;
    for (std::size_t i = 0; i < probe.steps.size(); ++i) {
      const auto& step = probe.steps[i];
      const auto all = step.ok + step.failed;
      if (all == 0) continue;
      const double failed = full * static_cast<double>(step.failed) / static_cast<double>(all);
      text += bar("failed", i, top_ + 10, failed);
      text += bar("ok", i, top_ + 10 + failed, full - failed);
    }
    top_ += kRow;
    return text + "\n";
  }

  std::string latency(const ProbeSeries& probe) {
    double most = 1;
    for (const auto& step : probe.steps) most = std::max(most, step.p99_ms);
    auto text = label("", fmt::format("p50, p99 (top {:.0f} ms)", most));
    for (const auto member : {&Step::p50_ms, &Step::p99_ms}) {
      std::string points;
      for (std::size_t i = 0; i < probe.steps.size(); ++i) {
        if (probe.steps[i].ok == 0) continue;
        points += fmt::format("{:.1f},{:.1f} ", x(i) + step_width() / 2,
                              top_ + kRow - 10 - (kRow - 20) * (probe.steps[i].*member) / most);
      }
      text += "<polyline class=\"line\" points=\"" + points + "\"/>\n";
    }
    top_ += kRow;
    return text;
  }

  std::string bars(const std::vector<std::uint64_t>& values, const char* kind) const {
    std::uint64_t most = 1;
    for (const auto value : values) most = std::max(most, value);
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i] == 0) continue;
      const double height =
          (kRow - 20) * static_cast<double>(values[i]) / static_cast<double>(most);
      text += bar(kind, i, top_ + kRow - 10 - height, height);
    }
    return text + "\n";
  }

  std::string injected(const FaultSeries& fault) {
    std::uint64_t total = 0;
    for (const auto count : fault.injected) total += count;
    const auto text = label(fault.rule, std::to_string(total) + " faults injected") +
                      bars(fault.injected, "fault");
    top_ += kRow;
    return text;
  }

  std::string connections() {
    std::vector<std::uint64_t> counts(series_.steps);
    for (const auto& one : report_.course.seen.connections) {
      if (one.at < Duration::zero()) continue;
      const auto step = static_cast<std::size_t>(one.at / series_.width);
      ++counts[std::min(step, series_.steps - 1)];
    }
    const auto text = label("connections", "that got a server") + bars(counts, "ok");
    top_ += kRow;
    return text;
  }

  std::string marks(double bottom) const {
    std::string text;
    for (const auto& one : series_.marks) {
      text += fmt::format(
          "<line class=\"mark\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"18\" y2=\"{1}\"><title>{2} {3} "
          "at "
          "{4}</title></line>\n",
          x(one.at), bottom, escaped(one.probe), one.what, rules::print_time(one.at));
    }
    return text;
  }

  std::string axis(double y) const {
    std::string text;
    for (int i = 0; i <= 6; ++i) {
      const auto at = end_ * i / 6;
      text += fmt::format(
          "<text class=\"soft\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x(at),
          y + 18,
          i == 0   ? "start"
          : i == 6 ? "end"
                   : "middle",
          rules::print_time(at));
    }
    return text;
  }

  const Report& report_;
  const Series& series_;
  Duration end_{};
  double top_ = 20;
};

std::string verdict_table(const Report& report) {
  std::string text =
      "<table><tr><th></th><th>expectation</th><th>measured</th><th>evidence</th></tr>\n";
  const auto row = [&](bool met, const std::string& wanted, const std::string& value,
                       const std::string& evidence) {
    text += fmt::format("<tr><td class=\"{}\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        met ? "good" : "bad", met ? "met" : "not met", escaped(wanted),
                        escaped(value), escaped(evidence));
  };
  for (std::size_t i = 0; i < report.verdicts.size(); ++i) {
    const auto& one = report.verdicts[i];
    const auto metric = report.scenario->expectations[i].metric;
    row(one.met, one.wanted, one.value ? rules::print_value(metric, *one.value) : "nothing",
        one.evidence);
  }
  for (const auto& rule : report.missed)
    row(false, "rule " + rule + " matches somebody", "nobody", "");
  return text + "</table>\n";
}

std::string mark_table(const Series& series) {
  if (series.marks.empty()) return {};
  std::string text =
      "<h2>Detected, failed over, "
      "recovered</h2><table><tr><th>at</th><th>users</th><th></th></tr>\n";
  for (const auto& one : series.marks) {
    text += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", rules::print_time(one.at),
                        escaped(one.probe), one.what);
  }
  return text + "</table>\n";
}

std::string impact_tables(const Report& report) {
  std::string text =
      "<h2>Impact</h2><table><tr><th>region</th><th>users affected</th><th>operations failed</th>"
      "<th>outage minutes</th><th>arithmetic</th></tr>\n";
  for (const auto& one : report.impact.regions) {
    text += fmt::format(
        "<tr><td>{}</td><td>{:.0f} of {:.0f}</td><td>{:.0f}</td><td>{:.1f}</td><td>{}</td></tr>\n",
        escaped(one.name), one.affected, one.users, one.failed, one.outage_minutes,
        escaped(one.arithmetic));
  }
  text += "</table>\n";
  if (report.impact.sectors.empty()) return text;
  text += "<table><tr><th>sector</th><th>value lost</th><th>arithmetic</th></tr>\n";
  for (const auto& one : report.impact.sectors) {
    text += fmt::format("<tr><td>{}</td><td>{:.2f}</td><td>{}</td></tr>\n", escaped(one.name),
                        one.value, escaped(one.arithmetic));
  }
  return text + "</table>\n";
}

}  // namespace

std::string to_html(const Report& report) {
  const auto series = series_of(*report.scenario, report.course.seen, kSteps);
  const bool met = report.result() == Result::kMet;
  std::string page =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width\"><title>" +
      escaped(report.scenario->name) + "</title><style>" + std::string(kStyle) +
      "</style></head><body>\n";
  page +=
      fmt::format("<h1 class=\"{}\">{}</h1>\n", met ? "good" : "bad", escaped(report.headline()));
  page +=
      fmt::format("<p class=\"soft\">started {}, time scale {}x, seed {}, {}, brownout {}</p>\n",
                  report.started, report.scenario->time_scale, report.course.seed,
                  escaped(report.path), report.version);
  page += "<h2>Expectations</h2>" + verdict_table(report);
  page += "<h2>Time line</h2>" + Picture(report, series).draw();
  page += mark_table(series) + impact_tables(report);
  page +=
      "<h2>The file</h2><p class=\"soft\">Run it again with `brownout rehearse --replay` and the "
      "JSON "
      "report.</p><details><summary>show</summary><pre>" +
      escaped(report.file) + "</pre></details>\n";
  return page + "</body></html>\n";
}

}  // namespace brownout::rehearsal
