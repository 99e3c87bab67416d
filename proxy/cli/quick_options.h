// Declares the options of `brownout run` that stand for a rule file.
#pragma once

#include "proxy/cli/quick_file.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace brownout::cli {

// `path` is the argument that names a rule file; both together are refused.
void add_quick_options(CLI::App& command, CLI::Option& path, QuickFile& file);

}  // namespace brownout::cli
