// Describes an error of the command line in two lines, which replace CLI11's page of help.
#pragma once

#include <string>

namespace CLI {
class App;
class Error;
}  // namespace CLI

namespace brownout::cli {

// Returns the error, and in a second line the nearest known command or option, or which help to
// read. Suits CLI::App::failure_message().
std::string usage_error(const CLI::App* app, const CLI::Error& error);

}  // namespace brownout::cli
