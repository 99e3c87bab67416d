// Writes the report as one HTML file: the verdict first, then all measurements on one time axis.
#include <fmt/core.h>

#include "proxy/rehearsal/markup.h"
#include "proxy/rehearsal/picture.h"
#include "proxy/rehearsal/report.h"
#include "proxy/rehearsal/series.h"

namespace brownout::rehearsal {
namespace {

constexpr std::size_t kHtmlSteps = 240;

constexpr std::string_view kStyle = R"(
:root { color-scheme: light dark; --ink: #1c2430; --soft: #667083; --line: #d7dce4; --paper: #fff; --good: #1a8a4a;
  --bad: #c8332b; --phase: #eef1f6; --blue: #2b63c6; --amber: #b86a00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ecf2; --soft: #98a2b3; --line: #39424f; --paper: #12161c;
  --good: #45c47d; --bad: #ff7468; --phase: #1d232c; --blue: #7aa7ff; --amber: #f0a83c; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto;
  max-width: 1120px; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 0 .2rem } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
.soft { color: var(--soft) } .good { color: var(--good) } .bad { color: var(--bad) }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .35rem .6rem;
  border-bottom: 1px solid var(--line); vertical-align: top }
svg { width: 100%; height: auto; display: block } svg text { font: 12px system-ui, sans-serif; fill: var(--ink) }
svg .soft { fill: var(--soft) } svg .band { fill: var(--phase) } svg .grid { stroke: var(--line) }
svg .ok { fill: var(--good) } svg .failed { fill: var(--bad) }
svg .line { fill: none; stroke: var(--blue); stroke-width: 1.5 } svg .p99 { stroke: var(--amber) }
svg .p50-key { fill: var(--blue) } svg .p99-key { fill: var(--amber) } svg .count { fill: var(--blue); opacity: .75 }
svg .fault { fill: var(--bad); opacity: .75 } svg .mark { stroke: var(--ink); stroke-dasharray: 3 2 }
pre { overflow: auto; background: var(--phase); padding: 1rem; font-size: 12px }
)";

std::string verdict_table(const Report& report) {
  std::string text =
      "<table><tr><th></th><th>expectation</th><th>measured</th><th>evidence</th></tr>\n";
  const auto row = [&](const rules::Verdict& verdict, const std::string& value) {
    auto what = escaped(verdict.name);
    if (verdict.name != verdict.wanted)
      what += "<br><span class=\"soft\">" + escaped(verdict.wanted) + "</span>";
    text += fmt::format("<tr><td class=\"{}\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                        verdict.met        ? "good"
                        : verdict.measured ? "bad"
                                           : "soft",
                        word_for(verdict), what, escaped(value), escaped(verdict.evidence));
  };
  for (std::size_t i = 0; i < report.verdicts.size(); ++i) {
    const auto& verdict = report.verdicts[i];
    row(verdict, value_of(report.scenario->expectations[i], verdict));
  }
  for (const auto& rule : report.missed) {
    const auto wanted = "rule " + rule + " matches some traffic";
    row({.name = wanted, .wanted = wanted, .measured = true, .value = {}, .evidence = {}},
        "no traffic");
  }
  return text + "</table>\n";
}

std::string mark_table(const Series& series) {
  if (series.marks.empty()) return {};
  std::string text =
      "<h2>Detected, failed over, "
      "recovered</h2><table><tr><th>at</th><th>users</th><th></th></tr>\n";
  for (const auto& mark : series.marks) {
    text += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", rules::print_time(mark.at),
                        escaped(mark.probe), mark.what);
  }
  return text + "</table>\n";
}

std::string servers_of(const rules::TrafficCounts& total) {
  std::string text;
  for (const auto& [server, count] : total.servers) {
    const auto share = static_cast<double>(count) / static_cast<double>(total.connections);
    text += fmt::format("{}{} {:.0f}%", text.empty() ? "" : ", ", escaped(server), 100 * share);
  }
  return text;
}

std::string traffic_table(const Series& series) {
  if (series.traffic.empty()) return {};
  std::string text =
      "<h2>Traffic through the proxy</h2><p class=\"soft\">All traffic, of synthetic and real "
      "clients. Served requests are counted in protocols that the proxy parses (dns, http, "
      "websocket, mqtt, xmpp). In other traffic a turn is data of the server that follows data of "
      "the client.</p><table "
      "id=\"traffic\"><tr><th>listener</th><th>region</th><th>served</th><th>p50</th><th>p99</"
      "th><th>latency</th><th>connections</th><th>turns</th><th>bytes up, down</th></tr>\n";
  for (const auto& listener : series.traffic) {
    const auto& total = listener.total;
    text += fmt::format(
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}{}</td>"
        "<td>{}</td><td>{}</td></tr>\n",
        escaped(listener.listener), escaped(listener.region), served_text(total),
        time_text(total, 0.5), time_text(total, 0.99), draw_histogram(total.latency),
        total.connections, total.servers.empty() ? "" : ": " + servers_of(total), turns_text(total),
        bytes_text(total));
  }
  return text + "</table>\n";
}

std::string impact_tables(const Report& report) {
  std::string text =
      "<h2>Impact</h2><table><tr><th>region</th><th>users affected</th><th>sessions "
      "broken</th><th>operations failed</th>"
      "<th>outage minutes</th><th>arithmetic</th></tr>\n";
  for (const auto& region : report.impact.regions) {
    text += fmt::format(
        "<tr><td>{}</td><td>{:.0f} of "
        "{:.0f}</td><td>{:.0f}</td><td>{:.0f}</td><td>{:.1f}</td><td>{}</td></tr>\n",
        escaped(region.name), region.affected, region.users, region.sessions, region.failed,
        region.outage_minutes, escaped(region.arithmetic));
  }
  text += "</table>\n";
  if (report.impact.sectors.empty()) return text;
  text +=
      "<table><tr><th>sector</th><th>users affected</th><th>sessions broken</th><th>value "
      "lost</th><th>arithmetic</th></tr>\n";
  for (const auto& sector : report.impact.sectors) {
    text += fmt::format(
        "<tr><td>{}</td><td>{:.0f}</td><td>{:.0f}</td><td>{:.2f}</td><td>{}</td></tr>\n",
        escaped(sector.name), sector.affected, sector.sessions, sector.value,
        escaped(sector.arithmetic));
  }
  return text + "</table>\n";
}

}  // namespace

std::string to_html(const Report& report) {
  const auto series = series_of(*report.scenario, report.course.seen, kHtmlSteps);
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
  page += "<h2>Time line</h2>" + draw_time_line(report, series);
  page += mark_table(series) + traffic_table(series) + impact_tables(report);
  page +=
      "<h2>The file</h2><p class=\"soft\">Run it again with `brownout rehearse --replay` and the "
      "JSON "
      "report.</p><details><summary>show</summary><pre>" +
      escaped(report.file) + "</pre></details>\n";
  return page + "</body></html>\n";
}

}  // namespace brownout::rehearsal
