#include "proxy/rehearsal/report_tables.h"

#include <fmt/core.h>

#include <algorithm>

#include "proxy/rehearsal/grouped.h"
#include "proxy/rehearsal/markup.h"
#include "proxy/rehearsal/picture.h"

namespace brownout::rehearsal {
namespace {

constexpr std::size_t kMostLossRows = 25;

std::string_view class_of(const rules::Verdict& verdict) {
  if (verdict.met) return "good";
  return verdict.measured ? "bad" : "soft";
}

std::string verdict_row(const rules::Verdict& verdict, const std::string& value) {
  auto what = "<strong>" + escaped(verdict.name) + "</strong>";
  if (verdict.name != verdict.wanted)
    what += "<br><span class=\"soft\">" + escaped(verdict.wanted) + "</span>";
  return fmt::format("<tr><td class=\"{} word\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                     class_of(verdict), word_for(verdict), what, escaped(value),
                     escaped(verdict.evidence));
}

std::string servers_of(const rules::TrafficCounts& total) {
  std::string text;
  for (const auto& [server, count] : total.servers) {
    const auto share = static_cast<double>(count) / static_cast<double>(total.connections);
    text += fmt::format("{}{} {:.0f}%", text.empty() ? "" : ", ", escaped(server), 100 * share);
  }
  return text;
}

// Returns the served requests as "12 of 50" with grouped digits, or "-" without requests.
std::string served_of(const rules::TrafficCounts& total) {
  if (total.requests() == 0) return "-";
  return grouped(total.ok) + " of " + grouped(total.requests());
}

std::string listener_rows(const std::vector<const TrafficSeries*>& regions) {
  std::string text;
  for (const auto* listener : regions) {
    const auto& total = listener->total;
    if (listener == regions.front()) {
      text += fmt::format("<tr><th scope=\"rowgroup\" rowspan=\"{}\">{}</th>", regions.size(),
                          escaped(listener->listener));
    } else {
      text += "<tr>";
    }
    text += fmt::format(
        "<td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}{}</td><td>{}</td>"
        "<td>{}</td></tr>\n",
        escaped(listener->region), served_of(total), time_text(total, 0.5), time_text(total, 0.99),
        draw_histogram(total.latency), grouped(total.connections),
        total.servers.empty() ? "" : ": " + servers_of(total),
        turns_text(total) == "-" ? "-" : grouped(total.turns),
        bytes_text(total) == "-" ? "-"
                                 : grouped(total.bytes_up) + ", " + grouped(total.bytes_down));
  }
  return text;
}

}  // namespace

std::string scrolling(const std::string& table, const std::string& label) {
  return fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{}</div>\n",
      escaped(label), table);
}

std::string verdict_table(const Report& report) {
  std::string text =
      "<table><thead><tr><th>verdict</th><th>expectation</th><th>measured</th><th>evidence</th>"
      "</tr></thead><tbody>\n";
  for (std::size_t i = 0; i < report.verdicts.size(); ++i) {
    const auto& verdict = report.verdicts[i];
    text += verdict_row(verdict, value_of(report.scenario->expectations[i], verdict));
  }
  for (const auto& rule : report.missed) {
    const auto wanted = "rule " + rule + " matches some traffic";
    text += verdict_row(
        {.name = wanted, .wanted = wanted, .measured = true, .value = {}, .evidence = {}},
        "nobody");
  }
  return scrolling(text + "</tbody></table>", "expectations");
}

std::string phase_table(const Report& report) {
  const auto& seen = report.course.seen;
  if (seen.phases.empty()) return {};
  std::string text =
      "<table><thead><tr><th>phase</th><th>begins at</th><th>lasts</th><th>rules</th></tr></thead>"
      "<tbody>\n";
  for (std::size_t i = 0; i < seen.phases.size(); ++i) {
    const auto& interval = seen.phases[i];
    const auto& phase = report.scenario->phases[interval.phase];
    std::string names;
    for (const auto& rule : phase.rules) names += (names.empty() ? "" : ", ") + escaped(rule);
    text += fmt::format("<tr><td>{}. {}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n", i + 1,
                        escaped(phase.name), rules::print_time(interval.begin),
                        rules::print_time(interval.end - interval.begin),
                        names.empty() ? "only the rules that no phase names" : names);
  }
  return scrolling(text + "</tbody></table>", "phases");
}

std::string mark_table(const Series& series) {
  if (series.marks.empty()) return {};
  std::string text =
      "<table><thead><tr><th>at</th><th>users</th><th>what</th></tr></thead><tbody>\n";
  for (const auto& mark : series.marks) {
    text += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td></tr>\n", rules::print_time(mark.at),
                        escaped(mark.probe), mark.what);
  }
  return scrolling(text + "</tbody></table>", "marks of the time line");
}

std::string failure_table(const Report& report) {
  const auto& kinds = report.course.seen.tally.failures().kinds();
  if (kinds.empty()) return {};
  const auto& phases = report.course.seen.phases;
  std::string text = "<table id=\"errors\"><thead><tr><th>error</th>";
  for (const auto& interval : phases) {
    text +=
        "<th class=\"number\">" + escaped(report.scenario->phases[interval.phase].name) + "</th>";
  }
  text += "<th class=\"number\">in all</th></tr></thead><tbody>\n";
  std::vector<std::pair<std::uint64_t, std::string>> rows;
  for (const auto& [why, counts] : kinds) {
    std::uint64_t total = 0;
    auto row = "<tr><td>" + escaped(why) + "</td>";
    for (const auto& interval : phases) {
      const auto found = counts.find(interval.phase);
      const auto count = found == counts.end() ? 0 : found->second;
      total += count;
      row += "<td class=\"number\">" + (count == 0 ? "-" : grouped(count)) + "</td>";
    }
    rows.emplace_back(total, row + "<td class=\"number\">" + grouped(total) + "</td></tr>\n");
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [total, row] : rows) text += row;
  return scrolling(text + "</tbody></table>", "errors by kind and phase");
}

std::string loss_table(const Report& report) {
  const auto& failures = report.course.seen.tally.failures();
  const auto& losses = failures.losses();
  if (losses.empty()) return {};
  std::string text =
      "<table id=\"losses\"><thead><tr><th>lost at</th><th>user</th><th>message</th><th>later"
      "</th></tr></thead><tbody>\n";
  for (std::size_t i = 0; i < std::min(losses.size(), kMostLossRows); ++i) {
    const auto& loss = losses[i];
    text +=
        fmt::format("<tr><td>{}</td><td>{} {}</td><td>number {}</td><td>{}</td></tr>\n",
                    rules::print_time(loss.at), escaped(report.scenario->probes[loss.probe].name),
                    loss.user + 1, grouped(loss.message),
                    loss.found ? "arrived at " + rules::print_time(*loss.found) : "never arrived");
  }
  text = scrolling(text + "</tbody></table>", "lost messages");
  const auto all = losses.size() + failures.losses_left_out();
  if (all > kMostLossRows) {
    text += "<p class=\"soft\">The first " + grouped(kMostLossRows) + " of " + grouped(all) +
            "; report.json lists all that were kept.</p>\n";
  }
  return text;
}

std::string traffic_table(const Series& series) {
  if (series.traffic.empty()) return {};
  std::string text =
      "<table id=\"traffic\"><thead><tr><th>listener</th><th>region</th><th>served</th><th>p50"
      "</th><th>p99</th><th>latency</th><th>connections</th><th>turns</th><th>bytes up, down</th>"
      "</tr></thead>\n<tbody>\n";
  // The series are sorted by the listener's name, so the regions of a listener follow each other.
  std::vector<const TrafficSeries*> regions;
  for (const auto& listener : series.traffic) {
    if (!regions.empty() && regions.front()->listener != listener.listener) {
      text += listener_rows(regions);
      regions.clear();
    }
    regions.push_back(&listener);
  }
  text += listener_rows(regions);
  return scrolling(text + "</tbody></table>", "traffic");
}

std::string impact_tables(const Report& report) {
  std::string text =
      "<table><thead><tr><th>region</th><th>users affected</th><th>sessions broken</th>"
      "<th>operations failed</th><th>outage minutes</th><th>arithmetic</th></tr></thead><tbody>\n";
  for (const auto& region : report.impact.regions) {
    text += fmt::format(
        "<tr><td>{}</td><td>{} of {}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
        escaped(region.name), grouped(region.affected, 0), grouped(region.users, 0),
        grouped(region.sessions, 0), grouped(region.failed, 0), grouped(region.outage_minutes, 1),
        escaped(region.arithmetic));
  }
  text = scrolling(text + "</tbody></table>", "impact by region");
  if (report.impact.sectors.empty()) return text;
  std::string sectors =
      "<table><thead><tr><th>sector</th><th>users affected</th><th>sessions broken</th>"
      "<th>value lost</th><th>arithmetic</th></tr></thead><tbody>\n";
  for (const auto& sector : report.impact.sectors) {
    sectors +=
        fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                    escaped(sector.name), grouped(sector.affected, 0), grouped(sector.sessions, 0),
                    grouped(sector.value, 2), escaped(sector.arithmetic));
  }
  return text + scrolling(sectors + "</tbody></table>", "impact by sector");
}

}  // namespace brownout::rehearsal
