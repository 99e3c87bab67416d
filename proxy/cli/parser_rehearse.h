// The command lines of `rehearse` and `report`.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "proxy/cli/commands.h"

namespace brownout::cli {

struct RehearsalLine {
  RehearseOptions rehearse;
  CompareOptions compare;
  std::vector<std::string> folders = {"report"};
  std::string metric;
  PageOptions pages;
};

// Borrows both; the command that ran sets the exit code.
void add_rehearse(CLI::App& app, RehearsalLine& line, int& exit_code);

}  // namespace brownout::cli
