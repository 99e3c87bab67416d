// Prepares the arguments of the shell for CLI11.
#pragma once

#include <string>
#include <vector>

namespace brownout::cli {

struct Arguments {
  std::vector<std::string> words;
  // The words behind "--" of `brownout init`, which CLI11 would take for the FILE.
  std::vector<std::string> command;
};

// Returns the arguments as CLI11 needs them. With `brownout toxiproxy`, long options may have a
// single dash, as in Go programs: such options get a second dash.
Arguments read_arguments(int argc, char** argv);

}  // namespace brownout::cli
