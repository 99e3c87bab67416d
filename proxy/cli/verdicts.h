// The verdicts of `rehearse` and of `run --expect`, as text and as an exit code.
#pragma once

#include <string>

#include "proxy/rehearsal/report.h"

namespace brownout::cli {

// A line for each expectation, and the headline.
std::string verdicts_text(const rehearsal::Report& report);

// `written`: the reports were written, or none was wanted.
int exit_code(rehearsal::Result result, bool written);

}  // namespace brownout::cli
