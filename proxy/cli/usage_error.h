// Says what is wrong with a command line in two lines instead of a page of help.
#pragma once

#include <string>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace brownout::cli {

// The error, with the nearest command or option, or the help to read. For
// CLI::App::failure_message().
std::string usage_error(const CLI::App* app, const CLI::Error& error);

}  // namespace brownout::cli
