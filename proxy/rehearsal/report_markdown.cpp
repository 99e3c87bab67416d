// The report as Markdown, for the summary of a pipeline.
#include <fmt/core.h>

#include "proxy/rehearsal/grouped.h"
#include "proxy/rehearsal/markup.h"
#include "proxy/rehearsal/report.h"
#include "proxy/rehearsal/series.h"

namespace brownout::rehearsal {
namespace {

// The Markdown form prints only totals, so it needs only one step of time.
constexpr std::size_t kMarkdownSteps = 1;

// Failed operations by kind and phase.
std::string failures_of(const Report& report) {
  const auto& kinds = report.course.seen.tally.failures().kinds();
  if (kinds.empty()) return {};
  std::string text = "\n| error | phase | operations |\n|---|---|---|\n";
  for (const auto& [why, counts] : kinds) {
    for (const auto& [phase, count] : counts) {
      text += fmt::format("| {} | {} | {} |\n", markdown_cell(why),
                          markdown_cell(report.scenario->phases[phase].name), grouped(count));
    }
  }
  return text;
}

}  // namespace

std::string to_markdown(const Report& report) {
  std::string text = "# " + report.headline() + "\n\n";
  text += markdown_cell(report.sentence()) + "\n\n";
  text += "| | expectation | measured | evidence |\n|---|---|---|---|\n";
  for (std::size_t i = 0; i < report.verdicts.size(); ++i) {
    const auto& verdict = report.verdicts[i];
    const auto word = verdict.met ? std::string("met") : fmt::format("**{}**", word_for(verdict));
    text += fmt::format("| {} | {} | {} | {} |\n", word, markdown_cell(expectation_text(verdict)),
                        value_of(report.scenario->expectations[i], verdict),
                        markdown_cell(verdict.evidence));
  }
  for (const auto& rule : report.missed) {
    text += fmt::format("| **NOT MET** | rule {} matches some traffic | no traffic | |\n", rule);
  }
  text += failures_of(report);
  const auto series = series_of(*report.scenario, report.course.seen, kMarkdownSteps);
  if (!series.traffic.empty()) {
    text +=
        "\n| listener | region | served | p50 | p99 | connections | turns | bytes up, down "
        "|\n|---|---|---|---|---|---|---|---|\n";
  }
  for (const auto& listener : series.traffic) {
    const auto& total = listener.total;
    text += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} |\n",
                        markdown_cell(listener.listener), markdown_cell(listener.region),
                        served_text(total), time_text(total, 0.5), time_text(total, 0.99),
                        total.connections, turns_text(total), bytes_text(total));
  }
  text +=
      "\n| region | users | affected | sessions broken | operations failed | outage minutes "
      "|\n|---|---|---|---|---|---|\n";
  for (const auto& region : report.impact.regions) {
    text += fmt::format("| {} | {} | {} | {} | {} | {} |\n", region.name, grouped(region.users, 0),
                        grouped(region.affected, 0), grouped(region.sessions, 0),
                        grouped(region.failed, 0), grouped(region.outage_minutes, 1));
  }
  if (report.impact.sectors.empty()) return text;
  text += "\n| sector | affected | sessions broken | value | arithmetic |\n|---|---|---|---|---|\n";
  for (const auto& sector : report.impact.sectors) {
    text += fmt::format("| {} | {} | {} | {} | {} |\n", sector.name, grouped(sector.affected, 0),
                        grouped(sector.sessions, 0), grouped(sector.value, 2), sector.arithmetic);
  }
  return text;
}

}  // namespace brownout::rehearsal
