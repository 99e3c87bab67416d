// The report as one HTML file. It begins with a sentence on the result, then has the verdicts,
// charts on a common time axis, and the rule file at the end.
#include <fmt/core.h>

#include "proxy/rehearsal/markup.h"
#include "proxy/rehearsal/page.h"
#include "proxy/rehearsal/picture.h"
#include "proxy/rehearsal/report.h"
#include "proxy/rehearsal/report_tables.h"
#include "proxy/rehearsal/series.h"

namespace brownout::rehearsal {
namespace {

constexpr std::size_t kHtmlSteps = 240;

struct Section {
  std::string id;
  std::string title;
  std::string about;  // a sentence of introduction in HTML; "" for none
  std::string content;
};

std::vector<Section> sections_of(const Report& report, const Series& series) {
  return {{"expectations", "Expectations", "", verdict_table(report)},
          {"time-line", "Time line",
           "Dashed lines mark the times when users first detected the fault, failed over and "
           "recovered. Green: operations that succeeded. Red: operations that failed.",
           scrolling(draw_time_line(report, series), "time line") + phase_table(report)},
          {"marks", "Detected, failed over, recovered", "", mark_table(series)},
          {"failures", "Errors by kind and phase",
           "Failed operations of the synthetic users, counted in the phase in which they began.",
           failure_table(report)},
          {"lost", "Lost messages",
           "A message whose first attempt failed, but a later one arrived, counts as late and not "
           "as lost.",
           loss_table(report)},
          {"listeners", "Traffic through the proxy",
           "All traffic, of synthetic and real clients. Requests are counted in protocols that the "
           "proxy parses. In other traffic the proxy counts turns: data of the server that follows "
           "data of the client. In the histograms, a bar is the number of requests whose latency "
           "is in the range that the axis shows.",
           traffic_table(series)},
          {"impact", "Impact", "", impact_tables(report)},
          {"file", "The rule file",
           "Run it again with `brownout rehearse --replay` and report.json. It was read from " +
               escaped(report.path) + ".",
           "<pre>" + escaped(report.file) + "</pre>\n"}};
}

}  // namespace

std::string to_html(const Report& report) {
  const auto series = series_of(*report.scenario, report.course.seen, kHtmlSteps);
  const bool met = report.result() == Result::kMet;
  auto content =
      fmt::format("<header>\n<h1 class=\"{}\">{}</h1>\n<p id=\"summary\">{}</p>\n</header>\n",
                  met ? "good" : "bad", escaped(report.headline()), escaped(report.sentence()));
  std::string links;
  std::string main;
  for (const auto& section : sections_of(report, series)) {
    if (section.content.empty()) continue;
    links += fmt::format("<a href=\"#{}\">{}</a>\n", section.id, section.title);
    main += fmt::format(
        "<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">"
        "{1}</h2>\n",
        section.id, section.title);
    if (!section.about.empty()) main += "<p class=\"soft\">" + section.about + "</p>\n";
    main += section.content + "</section>\n";
  }
  content += "<nav aria-label=\"contents\">\n" + links + "</nav>\n<main>\n" + main + "</main>\n";
  return page_of(report.scenario->name, content);
}

}  // namespace brownout::rehearsal
