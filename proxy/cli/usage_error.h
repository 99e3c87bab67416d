// Formats an error in the command line as two lines of text, in place of CLI11's whole page of
// help.
#pragma once

#include <string>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace brownout::cli {

// Returns the error in the first line. The second line suggests the nearest known command or
// option, or the help to read. The function can be passed to CLI::App::failure_message().
std::string usage_error(const CLI::App* app, const CLI::Error& error);

}  // namespace brownout::cli
