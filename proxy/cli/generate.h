// Prints the man page and the shell completions. Both are generated from the command-line parser,
// so that they name every option.
#pragma once

#include <CLI/CLI.hpp>

namespace brownout::cli {

void print_man(const CLI::App& app);
void print_bash(const CLI::App& app);
void print_zsh(const CLI::App& app);

}  // namespace brownout::cli
