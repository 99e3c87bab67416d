// Declares `brownout ctl` and its subcommands.
#pragma once

#include "proxy/cli/commands.h"

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

// Both are filled when the command line is parsed.
void add_ctl(CLI::App& app, CtlOptions& options, int& exit_code);

}  // namespace brownout::cli
