#include "proxy/cli/output_option.h"

#include <CLI/CLI.hpp>

namespace brownout::cli {

void add_output(CLI::App& command, std::string& output) {
  command.add_option("--output", output, "text, or json for programs")
      ->check(CLI::IsMember({"text", "json"}));
}

}  // namespace brownout::cli
