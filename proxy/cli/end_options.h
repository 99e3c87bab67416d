// Declares the options of `run` that say when the run ends (--for), and what must hold then
// (--expect).
#pragma once

#include <CLI/CLI.hpp>

#include "proxy/cli/commands.h"

namespace brownout::cli {

void add_end_options(CLI::App& command, RunOptions& options);

}  // namespace brownout::cli
