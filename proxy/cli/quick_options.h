// Declares the options of `brownout run` that replace a rule file, such as --listen and --fault.
#pragma once

#include "proxy/cli/quick_file.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace brownout::cli {

// Adds options that fill `file`. Parsing refuses them together with `path`, the argument that names
// a rule file.
void add_quick_options(CLI::App& command, CLI::Option& path, QuickFile& file);

}  // namespace brownout::cli
