// Two examples for each command: its help and the man page end with them, and a test parses each.
#pragma once

#include <span>
#include <string_view>

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

struct Example {
  std::string_view command;  // "firewall import"
  std::string_view about;
  std::string_view line;  // as a user types it
};

std::span<const Example> all_examples();

// Ends the help of each command with its examples, and that of a command with subcommands with the
// first example of each of the first two.
void add_examples(CLI::App& app);

}  // namespace brownout::cli
