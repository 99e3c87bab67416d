// The exit codes of all commands, in one table: `brownout --help` and the man page print it.
#pragma once

#include <string>
#include <string_view>

namespace brownout::cli {

inline constexpr int kFailed = 1;
inline constexpr int kBadInput = 2;
inline constexpr int kStopped = 3;
inline constexpr int kNoSuch = 4;

struct ExitCode {
  std::string_view code;
  std::string_view meaning;
};

inline constexpr ExitCode kExitCodes[] = {
    {"0", "done; rehearse, run --expect: all expectations are met"},
    {"1",
     "failed; rehearse, run --expect: an expectation is not met; report compare: something got "
     "worse; firewall diff: a flow would break; ctl: no response"},
    {"2",
     "bad input: a mistake in a file or an option; rehearse: it could not begin; report compare: "
     "the reports are unrelated; ctl: the change was refused"},
    {"3",
     "rehearse, run --expect: no verdict, because it was stopped or something was not measured; "
     "exec: the machine allows no network namespace"},
    {"4", "ctl: there is no such rule or connection"},
    {"others",
     "exec: the exit code of the command; 126 if it could not be run, 127 if it was not found, "
     "128 plus the signal's number if a signal ended it"},
};

// Returns the table of exit codes for a terminal of 80 columns.
std::string exit_codes_text();

}  // namespace brownout::cli
