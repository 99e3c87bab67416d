// Prints the man page, generated from the parser so that it is complete.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace brownout::cli {

void print_man(const CLI::App& app);

}  // namespace brownout::cli
