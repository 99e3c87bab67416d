// Lists the commands of `brownout`, their subcommands and their options, as the CLI11 parser
// declares them. Used to generate the man page, the examples and the completions.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

namespace brownout::cli {

std::vector<const CLI::App*> subcommands(const CLI::App& app);

// Returns the commands without subcommands, which are the runnable ones, with their full names:
// "run", "firewall import". Each name begins with `before`, the names of the commands above `app`
// and a space.
std::vector<std::pair<std::string, const CLI::App*>> leaves(const CLI::App& app,
                                                            const std::string& before = {});

// Returns the options of the command, then the options of the commands above it in the tree (`ctl
// --url`). Leaves out --help and --version of the commands above.
std::vector<const CLI::Option*> options_in_force(const CLI::App& command);

// Returns the values that an option allows; empty if it allows any value.
std::vector<std::string> values_of(const CLI::Option& option);

}  // namespace brownout::cli
