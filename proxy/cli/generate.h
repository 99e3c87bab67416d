// Prints the man page and shell completions, generated from the parser so that they are complete.
#pragma once

#include <CLI/CLI.hpp>

namespace brownout::cli {

void print_man(const CLI::App& app);
void print_bash(const CLI::App& app);
void print_zsh(const CLI::App& app);

}  // namespace brownout::cli
