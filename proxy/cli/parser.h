// Reads the command line, runs the command that it names, and returns the exit code.
#pragma once

namespace brownout::cli {

int parse_and_run(int argc, char** argv);

}  // namespace brownout::cli
