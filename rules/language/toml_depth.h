// Measures how deeply a TOML text nests before it is parsed, to protect the parser. toml++ limits
// the depth of brackets, but not that of dotted keys and headers, and it frees its trees by
// recursion. Pure functions; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "rules/base/result.h"

namespace brownout::rules {

// Maximum depth of tables and arrays inside each other, by brackets or by dots. Equal to the
// bracket limit of toml++.
inline constexpr std::size_t kDeepestToml = 256;

// Returns the first position that nests deeper than kDeepestToml, or no value. In invalid TOML the
// parser stops at that position, too.
std::optional<Position> too_deep(std::string_view text);

}  // namespace brownout::rules
