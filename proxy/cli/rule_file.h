// Reading a rule file for a command: the text, and what it says, or its mistakes on standard error.
// And how a command fails.
#pragma once

#include <optional>
#include <string>

#include "rules/config.h"
#include "rules/describe.h"

namespace brownout::cli {

// Says so on standard error; the exit code that it means.
int fail(const rules::Error& error);

// The whole file; complains and returns nothing if it cannot be read or is absurdly large.
std::optional<std::string> read_text(const std::string& path);

// Prints every mistake with its position and returns nothing if there is one.
std::optional<rules::Config> parse(const std::string& path, const std::string& text);

// With the listeners that exec adds (usual_listeners.h).
std::optional<rules::Config> parse_for_exec(const std::string& path, const std::string& text);

std::optional<rules::Config> load(const std::string& path);

}  // namespace brownout::cli
