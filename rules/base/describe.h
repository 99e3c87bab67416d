// Formats an Error (result.h) as one line for logs and terminals, with its hint in parentheses.
// Pure functions; any thread.
#pragma once

#include <string>

#include "rules/base/result.h"

namespace brownout::rules {

// Returns "error (hint)", or "error" if there is no hint.
inline std::string describe(const Error& error) {
  return error.hint.empty() ? error.what : error.what + " (" + error.hint + ")";
}

}  // namespace brownout::rules
