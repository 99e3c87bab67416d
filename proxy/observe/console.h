// Writes to standard error for users: log lines and, on a terminal, a status line that stays below
// them. The commands of `brownout` use it. uses_colour() also serves other outputs.
//
// Safe on any thread. Callers never wait for the reader of standard error: a background thread
// writes. If that reader is too slow, lines are dropped and counted (BackgroundWriter). Text from
// clients is escaped, so that it cannot forge a line or control the terminal
// (rules/base/terminal_text.h). Lines that clients can cause (log_limited) are limited in number.
#pragma once

#include <string>
#include <string_view>

namespace brownout::proxy {

// kText is for people, on standard error. kJson writes an object for each line to standard output:
// {"time": ..., "level": "info", "message": ...}; there is no status line.
enum class LogForm { kText, kJson };

// Sets spdlog's default logger. `level` is one of debug, info, warn, error, off. Uses colours only
// on a terminal. At exit, the process waits at most five seconds for the lines that are not written
// yet.
void set_up_logging(const std::string& level, LogForm form = LogForm::kText);

// Prints lines that are not log lines, for example a table. The lines stay in order with the log.
// In JSON each line has the level "text". Before set_up_logging(), writes directly to standard
// error.
void print_error(std::string_view lines);

// Whether text for this descriptor may have colours: it is a terminal, and NO_COLOR is not set
// (no-color.org).
bool uses_colour(int descriptor);

// Shows a line below the log until the next call of this function; "" removes the line.
void show_status_line(std::string text);
// Whether the status line is visible: standard error is a terminal, and the log is set up for
// people.
bool shows_status_line();

}  // namespace brownout::proxy
