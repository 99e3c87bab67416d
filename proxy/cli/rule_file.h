// Reading a rule file for a command: the text, and what it says, or its mistakes on standard error.
// And how a command fails.
#pragma once

#include <optional>
#include <string>

#include "proxy/control/zone_files.h"
#include "rules/base/describe.h"
#include "rules/language/config.h"

namespace brownout::cli {

// Says so on standard error; the exit code that it means.
int fail(const rules::Error& error);

// The whole file, or a pipe to its end; complains and returns nothing if it cannot be read or is
// absurdly large.
std::optional<std::string> read_text(const std::string& path);

// Prints every mistake with its position and returns nothing if there is one; prints warnings where
// there is none. `files`: the files that the zones include, mistakes or not.
std::optional<rules::Config> parse(const std::string& path, const std::string& text,
                                   proxy::ZoneFiles& files);
std::optional<rules::Config> parse(const std::string& path, const std::string& text);

// Every mistake that can be found without running: also certificates, keys, CAs and passwords that
// are refused. `for_exec`: as exec reads the file.
std::optional<rules::Config> parse_all(const std::string& path, const std::string& text,
                                       bool for_exec);

// Whether a certificate, a key, a CA or a password that the rule file names is refused; prints each
// with its position in `text`.
bool complain_of_files(const rules::Config& config, const std::string& path,
                       const std::string& text);

// With the listeners that exec adds (default_listeners.h).
std::optional<rules::Config> parse_for_exec(const std::string& path, const std::string& text,
                                            proxy::ZoneFiles& files);

std::optional<rules::Config> load(const std::string& path);

}  // namespace brownout::cli
