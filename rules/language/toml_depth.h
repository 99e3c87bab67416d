// How deep a TOML text nests, before it is parsed: toml++ limits brackets, not the parts of dotted
// keys and headers, and takes its own trees apart by recursion.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "rules/base/result.h"

namespace brownout::rules {

// Tables and arrays in each other, whether by brackets or by dots. As many brackets as toml++
// takes.
inline constexpr std::size_t kDeepestToml = 256;

// Where the text nests deeper than that. Where the text is no TOML, the parser stops at that place.
std::optional<Position> too_deep(std::string_view text);

}  // namespace brownout::rules
