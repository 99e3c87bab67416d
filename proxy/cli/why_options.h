// Declares the options of `brownout ctl why`, which lists the latest actions of rules and why they
// happened.
#pragma once

#include "proxy/cli/commands.h"

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

void add_why_options(CLI::App& command, CtlOptions& options);

}  // namespace brownout::cli
