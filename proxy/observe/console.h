// Standard error for people: log lines, and on a terminal one status line that stays below them.
//
// From any thread, and none waits for whoever reads standard error: a thread of its own writes,
// and what that cannot keep up with is counted (BackgroundWriter). Text from elsewhere cannot
// forge a line or command the terminal: it is escaped (rules/base/terminal_text.h). Of lines that
// clients cause (log_limited) there are only so many.
#pragma once

#include <string>
#include <string_view>

namespace brownout::proxy {

// Sets spdlog's default logger. `level` is one of debug, info, warn, error, off. Colours only on a
// terminal. What is logged is written at the latest when the process exits.
void set_up_logging(const std::string& level);

// Lines that are no log lines, e.g. a table: in their order with the log, once that is set up;
// until then at once.
void print_error(std::string_view lines);

// A connection takes two descriptors, and the usual limit is 1024.
void raise_descriptor_limit();

// A line that stays below the log, until another takes its place; "" for none.
void show_status_line(std::string text);
// Whether anybody sees it: standard error is a terminal, and the log is set up.
bool shows_status_line();

}  // namespace brownout::proxy
