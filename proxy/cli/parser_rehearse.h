// Declares the commands `brownout rehearse` and `brownout report` with their options.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "proxy/cli/commands.h"

namespace brownout::cli {

// The values of these options. Parsing the command line fills them in.
struct RehearsalLine {
  RehearseOptions rehearse;
  CompareOptions compare;
  std::vector<std::string> folders = {"report"};  // `report trend`: folders of reports
  std::string metric;                             // `report trend`: see report_trend()
  PageOptions pages;                              // `report trend`
  std::string output;                             // `report trend`: "json" or ""
};

// Adds the commands to `app`. `line` and `exit_code` must outlive `app`. Running a command sets
// `exit_code`.
void add_rehearse(CLI::App& app, RehearsalLine& line, int& exit_code);

}  // namespace brownout::cli
