#include "proxy/cli/verdicts.h"

#include <fmt/core.h>

#include "proxy/cli/commands.h"
#include "rules/base/terminal_text.h"

namespace brownout::cli {

std::string verdicts_text(const rehearsal::Report& report) {
  std::string text;
  for (std::size_t i = 0; i < report.verdicts.size(); ++i) {
    const auto& verdict = report.verdicts[i];
    text += rules::escaped(fmt::format(
                "{:<12} {}: {} ({})", rehearsal::word_for(verdict),
                rehearsal::expectation_text(verdict),
                rehearsal::value_of(report.scenario->expectations[i], verdict), verdict.evidence)) +
            "\n";
  }
  const bool fails = !report.missed.empty();
  for (const auto& rule : report.course.never_matched) {
    text += fmt::format(
        "{:<12} rule {} matched nothing (`brownout explain` shows why; {}may_miss = true in the "
        "[[rule]] allows it)\n",
        fails ? "NOT MET" : "warning", rules::escaped(rule), fails ? "" : "fails with --ci; ");
  }
  return text + rules::escaped(report.headline()) + "\n";
}

// Returns 1 only if an expectation is not met. All other failures give 3.
int exit_code(rehearsal::Result result, bool written) {
  switch (result) {
    case rehearsal::Result::kMet:
      return written ? 0 : kStopped;
    case rehearsal::Result::kNotMet:
      return kFailed;
    case rehearsal::Result::kNotMeasured:
    case rehearsal::Result::kStopped:
      break;
  }
  return kStopped;
}

}  // namespace brownout::cli
