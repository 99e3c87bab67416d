// An error as one line for a person.
#pragma once

#include <string>

#include "rules/base/result.h"

namespace brownout::rules {

// "what was found (what to do)".
inline std::string describe(const Error& error) {
  return error.hint.empty() ? error.what : error.what + " (" + error.hint + ")";
}

}  // namespace brownout::rules
