// The verdicts of `rehearse` and of `run --expect`, as text and as an exit code.
#pragma once

#include <string>

#include "proxy/rehearsal/report.h"

namespace brownout::cli {

// Returns a line for each expectation, and the verdict of the whole run in one line
// (Report::headline()).
std::string verdicts_text(const rehearsal::Report& report);

// Returns the exit code of the command. `written` must be false if a report could not be written.
int exit_code(rehearsal::Result result, bool written);

}  // namespace brownout::cli
