// Prepares the arguments of the shell for CLI11.
#pragma once

#include <string>
#include <vector>

namespace brownout::cli {

struct Arguments {
  std::vector<std::string> words;
  std::vector<std::string> command;  // init: behind "--", which CLI11 would take for the FILE
};

// For toxiproxy, long options may have one dash, as in Go programs; here they get two.
Arguments read_arguments(int argc, char** argv);

}  // namespace brownout::cli
