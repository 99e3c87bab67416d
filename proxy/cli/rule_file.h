// Reads a rule file for a command of `brownout`, and prints its errors to standard error. fail()
// also prints other errors, and returns their exit code.
#pragma once

#include <optional>
#include <string>

#include "proxy/cli/quick_file.h"
#include "proxy/control/included_files.h"
#include "rules/base/describe.h"
#include "rules/base/diagnostics.h"
#include "rules/language/config.h"

namespace brownout::cli {

// Prints the error to standard error, and returns the exit code for it.
int fail(const rules::Error& error);

// Reads a whole file, or a pipe to its end. If the file is unreadable or larger than 64 MiB, prints
// an error and returns nothing.
std::optional<std::string> read_text(const std::string& path);
// If `quick` has options, returns the rule file that they describe, and prints it. Otherwise reads
// the file at `path`.
std::optional<std::string> read_text(const std::string& path, const QuickFile& quick);

// Returns the configuration, or prints every error with its position and returns nothing. Warnings
// are printed only if there is no error. `files` receives the files that the rule file names, even
// after an error.
std::optional<rules::Config> parse(const std::string& path, const std::string& text,
                                   proxy::IncludedFiles& files);
std::optional<rules::Config> parse(const std::string& path, const std::string& text);

// Makes all checks of parse_all(), but returns the errors instead of printing them.
tl::expected<rules::Config, rules::Diagnostics> read_all(const std::string& path,
                                                         const std::string& text, bool for_exec);

// Reads a rule file like parse(), and also checks certificates, keys, CAs and passwords. So it
// checks everything that can be checked without starting the proxy. With `for_exec`, adds the
// listeners that `brownout exec` has by default.
std::optional<rules::Config> parse_all(const std::string& path, const std::string& text,
                                       bool for_exec);

// Prints an error for every certificate, key, CA or password file that cannot be used, with its
// position in the rule file. Returns false if all can be used.
bool complain_of_files(const rules::Config& config, const std::string& path,
                       const std::string& text, bool for_exec = false);

// Does what parse() does, and adds the listeners that `brownout exec` has by default
// (default_listeners.h).
std::optional<rules::Config> parse_for_exec(const std::string& path, const std::string& text,
                                            proxy::IncludedFiles& files);

// Reads the file at `path`, and does what parse() does with its text.
std::optional<rules::Config> load(const std::string& path);

}  // namespace brownout::cli
