// Measures how deep a TOML text nests, before it is parsed: toml++ limits brackets but not the
// parts of dotted keys and headers, and frees its trees by recursion.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "rules/base/result.h"

namespace brownout::rules {

// The limit for tables and arrays inside each other, by brackets or by dots. Equal to the bracket
// limit of toml++.
inline constexpr std::size_t kDeepestToml = 256;

// The first position that nests deeper than kDeepestToml. In invalid TOML the parser stops there
// too.
std::optional<Position> too_deep(std::string_view text);

}  // namespace brownout::rules
