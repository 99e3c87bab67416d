// Declares `brownout ctl` and its subcommands.
#pragma once

#include "proxy/cli/commands.h"

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

// Adds the command `ctl` to `app`. Parsing the command line fills `options`; running the command
// sets `exit_code`. Both must outlive `app`.
void add_ctl(CLI::App& app, CtlOptions& options, int& exit_code);

}  // namespace brownout::cli
