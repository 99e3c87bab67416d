#include "proxy/rehearsal/trend.h"

#include <fmt/core.h>

#include <algorithm>

#include "proxy/rehearsal/markup.h"
#include "proxy/rehearsal/page.h"
#include "proxy/rehearsal/report_tables.h"
#include "rules/base/terminal_text.h"

namespace brownout::rehearsal {
namespace {

constexpr double kPictureWidth = 900;
constexpr double kPictureHeight = 120;
constexpr double kMargin = 10;
constexpr int kTextBar = 30;

std::string_view word_of(const ReadExpectation& value) {
  if (!value.measured) return "NOT MEASURED";
  return value.met ? "met" : "NOT MET";
}

// Converts "2026-11-29T17:32:35Z" to "2026-11-29 17:32:35".
std::string moment(std::string started) {
  std::replace(started.begin(), started.end(), 'T', ' ');
  if (!started.empty() && started.back() == 'Z') started.pop_back();
  return started;
}

double highest(const TrendLine& line) {
  double most = 0;
  for (const auto& point : line.points) most = std::max(most, point.value.value.value_or(0));
  return most > 0 ? most : 1;
}

bool is_asked_for(const ReadExpectation& expectation, const std::string& wanted) {
  if (wanted.empty() || expectation.name == wanted) return true;
  return expectation.metric && rules::name_of(*expectation.metric) == wanted;
}

TrendLine& line_of(Trend& trend, const ReadExpectation& expectation) {
  const auto found = std::find_if(trend.lines.begin(), trend.lines.end(),
                                  [&](const auto& line) { return line.name == expectation.name; });
  if (found != trend.lines.end()) return *found;
  return trend.lines.emplace_back(TrendLine{expectation.name, expectation.wanted, {}});
}

// Draws the values of one expectation as a line, with a dot for each run. The dot is green if the
// run met the expectation.
std::string trend_picture(const TrendLine& line) {
  const double most = highest(line);
  const auto count = std::max<std::size_t>(line.points.size() - 1, 1);
  std::string path;
  std::string dots;
  for (std::size_t i = 0; i < line.points.size(); ++i) {
    const auto& value = line.points[i].value;
    const double x = kMargin + (kPictureWidth - 2 * kMargin) * static_cast<double>(i) /
                                   static_cast<double>(count);
    const double share = std::clamp(value.value.value_or(0) / most, 0.0, 1.0);
    const double y = kMargin + (kPictureHeight - 2 * kMargin) * (1 - share);
    if (value.value) path += fmt::format("{:.1f},{:.1f} ", x, y);
    dots += fmt::format(
        "<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"><title>{}: {} ({})"
        "</title></circle>\n",
        value.met ? "ok" : "failed", x, y, escaped(moment(line.points[i].started)),
        escaped(print_value(value)), word_of(value));
  }
  return fmt::format(
      "<svg viewBox=\"0 0 {0} {1}\" role=\"img\" aria-label=\"{2} over {3} runs\">"
      "<line class=\"grid\" x1=\"0\" x2=\"{0}\" y1=\"{4}\" y2=\"{4}\"/>"
      "<polyline class=\"line\" points=\"{5}\"/>\n{6}</svg>\n",
      kPictureWidth, kPictureHeight, escaped(line.name), line.points.size(),
      kPictureHeight - kMargin, path, dots);
}

}  // namespace

rules::Result<Trend> trend_of(std::vector<ReadReport> reports, const std::string& wanted) {
  if (reports.empty()) {
    return rules::config_error("there is no report of a rehearsal in the given folders",
                               "give the folder of reports that `brownout rehearse` made");
  }
  std::stable_sort(reports.begin(), reports.end(),
                   [](const auto& a, const auto& b) { return a.started < b.started; });
  Trend trend{.scenario = reports.back().scenario};
  for (const auto& report : reports) {
    if (report.scenario != trend.scenario) {
      ++trend.others;
      continue;
    }
    ++trend.runs;
    for (const auto& expectation : report.expectations) {
      if (is_asked_for(expectation, wanted))
        line_of(trend, expectation).points.push_back({report.started, expectation});
    }
  }
  if (!trend.lines.empty()) return trend;
  return rules::config_error("no expectation of " + rules::in_quotes(trend.scenario) +
                                 " is named " + rules::in_quotes(wanted) + " or has this metric",
                             "correct --metric, or leave it out to see all expectations");
}

std::string to_text(const Trend& trend) {
  auto text = rules::escaped(trend.scenario) + ": " + rules::count_of(trend.runs, "run") + "\n";
  if (trend.others > 0) {
    text += "(left out: " + rules::count_of(trend.others, "report") + " of other scenarios)\n";
  }
  for (const auto& line : trend.lines) {
    const double most = highest(line);
    text += "\n" + rules::escaped(line.name) + "\n";
    if (line.wanted != line.name && !line.wanted.empty()) {
      text += "  " + rules::escaped(line.wanted) + "\n";
    }
    for (const auto& point : line.points) {
      const double share = std::clamp(point.value.value.value_or(0) / most, 0.0, 1.0);
      text += fmt::format("  {}  {:<12} {:>10}  {}\n", rules::escaped(moment(point.started)),
                          word_of(point.value), print_value(point.value),
                          std::string(static_cast<std::size_t>(kTextBar * share), '#'));
    }
  }
  return text;
}

std::string to_markdown(const Trend& trend) {
  auto text =
      fmt::format("# {}: {}\n", markdown_cell(trend.scenario), rules::count_of(trend.runs, "run"));
  for (const auto& line : trend.lines) {
    text += fmt::format("\n## {}\n\n{}\n\n| run | verdict | value |\n|---|---|---|\n",
                        markdown_cell(line.name), markdown_cell(line.wanted));
    for (const auto& point : line.points) {
      text += fmt::format("| {} | {} | {} |\n", markdown_cell(moment(point.started)),
                          word_of(point.value), markdown_cell(print_value(point.value)));
    }
  }
  return text;
}

std::string to_html(const Trend& trend) {
  auto content = fmt::format("<header><h1>{}: {}</h1></header>\n<main>\n", escaped(trend.scenario),
                             rules::count_of(trend.runs, "run"));
  for (const auto& line : trend.lines) {
    content += "<section><h2>" + escaped(line.name) + "</h2>\n<p class=\"soft\">" +
               escaped(line.wanted) + "; the top is " +
               escaped(line.points.front().value.metric
                           ? rules::print_value(*line.points.front().value.metric, highest(line))
                           : fmt::format("{:.4g}", highest(line))) +
               "</p>\n" + trend_picture(line);
    std::string table =
        "<table><thead><tr><th>run</th><th>verdict</th><th>value</th></tr></thead><tbody>\n";
    for (const auto& point : line.points) {
      table += fmt::format("<tr><td>{}</td><td class=\"{} word\">{}</td><td>{}</td></tr>\n",
                           escaped(moment(point.started)), point.value.met ? "good" : "bad",
                           word_of(point.value), escaped(print_value(point.value)));
    }
    content += scrolling(table + "</tbody></table>", line.name) + "</section>\n";
  }
  return page_of(trend.scenario, content + "</main>\n");
}

}  // namespace brownout::rehearsal
