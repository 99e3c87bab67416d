// Prints the man page to standard output. It is generated from the parser's declarations, so it
// lists every command and option.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

void print_man(const CLI::App& app);

}  // namespace brownout::cli
