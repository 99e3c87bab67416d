// The options of `run` about its end: when it is, and what must hold then.
#pragma once

#include <CLI/CLI.hpp>

#include "proxy/cli/commands.h"

namespace brownout::cli {

void add_end_options(CLI::App& command, RunOptions& options);

}  // namespace brownout::cli
