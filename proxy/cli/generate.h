// Man page and shell completions, written from the parser, so that they list what it accepts.
#pragma once

#include <CLI/CLI.hpp>

namespace brownout::cli {

void print_man(const CLI::App& app);
void print_bash(const CLI::App& app);
void print_zsh(const CLI::App& app);

}  // namespace brownout::cli
