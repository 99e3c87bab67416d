// Rewrites the process's command-line arguments into the form that the parser library CLI11
// expects.
#pragma once

#include <string>
#include <vector>

namespace brownout::cli {

struct Arguments {
  std::vector<std::string> words;
  // `brownout init -- COMMAND`: the words after "--". CLI11 would mistake the first of them for the
  // FILE argument.
  std::vector<std::string> command;
};

// Returns the rewritten arguments. With `brownout toxiproxy`, long options may have a single dash,
// as in Go programs: such options get a second dash.
Arguments read_arguments(int argc, char** argv);

}  // namespace brownout::cli
