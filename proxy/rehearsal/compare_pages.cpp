// A comparison of two reports as Markdown and HTML.
#include <fmt/core.h>

#include "proxy/rehearsal/markup.h"
#include "proxy/rehearsal/page.h"
#include "proxy/rehearsal/read_report.h"
#include "proxy/rehearsal/report_tables.h"

namespace brownout::rehearsal {
namespace {

std::string heading(const Comparison& comparison) {
  return comparison.scenario +
         (comparison.regressed ? ": something got worse" : ": nothing got worse");
}

std::string_view class_of_word(const std::string& word) {
  if (word == "WORSE" || word == "unknown") return "bad";
  return word == "better" ? "good" : "soft";
}

}  // namespace

std::string to_markdown(const Comparison& comparison) {
  auto text = "# " + markdown_cell(heading(comparison)) + "\n\n";
  if (!comparison.note.empty()) text += markdown_cell(comparison.note) + ".\n\n";
  text += "| | expectation | before | after |\n|---|---|---|---|\n";
  for (const auto& row : comparison.rows) {
    const auto word = row.word == "WORSE" ? "**WORSE**" : row.word;
    text += fmt::format("| {} | {} | {} | {} |\n", word, markdown_cell(row.name),
                        markdown_cell(row.before), markdown_cell(row.after_with_failure()));
  }
  return text;
}

std::string to_html(const Comparison& comparison) {
  auto content = fmt::format("<header><h1 class=\"{}\">{}</h1>",
                             comparison.regressed ? "bad" : "good", escaped(heading(comparison)));
  if (!comparison.note.empty()) content += "<p>" + escaped(comparison.note) + ".</p>";
  std::string table =
      "<table><thead><tr><th>change</th><th>expectation</th><th>before</th><th>after</th></tr>"
      "</thead><tbody>\n";
  for (const auto& row : comparison.rows) {
    auto name = "<strong>" + escaped(row.name) + "</strong>";
    if (!row.wanted.empty() && row.wanted != row.name) {
      name += "<br><span class=\"soft\">" + escaped(row.wanted) + "</span>";
    }
    table +=
        fmt::format("<tr><td class=\"{} word\">{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                    class_of_word(row.word), row.word, name, escaped(row.before),
                    escaped(row.after_with_failure()));
  }
  content +=
      "</header>\n<main>" + scrolling(table + "</tbody></table>", "expectations") + "</main>\n";
  return page_of(heading(comparison), content);
}

}  // namespace brownout::rehearsal
