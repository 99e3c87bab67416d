// The option --output of commands that print text for people, or JSON for programs.
#pragma once

#include <string>

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

void add_output(CLI::App& command, std::string& output);

}  // namespace brownout::cli
