// Reads YAML (and so JSON) as rules::Node, with the positions of all values.
//
// Bounded: at most 64 levels and kMostYamlValues values, where each use of an alias counts the
// values that it repeats. Several documents in one text give a list of them.
#pragma once

#include <string_view>

#include "rules/schema/node.h"

namespace brownout::codecs {

constexpr std::size_t kMostYamlValues = 50'000;
constexpr std::size_t kMostYamlBytes = 4 << 20;

// Plain scalars become numbers, booleans or texts as in YAML 1.2's core schema. The position of an
// error is that of the text.
rules::Result<rules::Node> parse_yaml(std::string_view text);

}  // namespace brownout::codecs
