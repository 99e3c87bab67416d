// Declares the options of `brownout init`.
#pragma once

#include "proxy/cli/commands.h"

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

// Adds the command `init` to `app`. Running the command sets `exit_code`.
void add_init(CLI::App& app, InitOptions& options, int& exit_code);

}  // namespace brownout::cli
