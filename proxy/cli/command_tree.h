// Walks the tree of commands that the parser declares: for the man page, the examples and the
// completions.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

namespace brownout::cli {

std::vector<const CLI::App*> subcommands(const CLI::App& app);

// The runnable commands with their full names: "run", "firewall import".
std::vector<std::pair<std::string, const CLI::App*>> leaves(const CLI::App& app,
                                                            const std::string& before = {});

// The options of the command, then those of the commands above it (`ctl --url`). Without help and
// version of the commands above.
std::vector<const CLI::Option*> options_in_force(const CLI::App& command);

// The values that an option allows, from its check; empty if it allows any.
std::vector<std::string> values_of(const CLI::Option& option);

}  // namespace brownout::cli
