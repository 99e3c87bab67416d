// Two examples for each command. The help of the command and the man page end with them, and a test
// parses each.
#pragma once

#include <span>
#include <string_view>

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

struct Example {
  std::string_view command;  // full name of the command, such as "firewall import"
  std::string_view about;
  std::string_view line;  // the command line as a user types it
};

std::span<const Example> all_examples();

// Adds examples to the end of each command's help. A command with subcommands gets the first
// example of each of its first two subcommands.
void add_examples(CLI::App& app);

}  // namespace brownout::cli
