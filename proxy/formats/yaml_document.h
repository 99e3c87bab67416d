// Reads YAML, and so also JSON, as rules::Node. All values have their positions in the text.
//
// Memory is bounded: at most 64 levels and kMostYamlValues values. An alias counts as all values
// that it repeats. Several documents in one text become a list of documents.
#pragma once

#include <string_view>

#include "rules/schema/node.h"

namespace brownout::codecs {

constexpr std::size_t kMostYamlValues = 50'000;
constexpr std::size_t kMostYamlBytes = 4 << 20;

// Parses YAML. Unquoted scalars become numbers, booleans or texts as in YAML 1.2's core schema. An
// error has its position in the text.
rules::Result<rules::Node> parse_yaml(std::string_view text);

}  // namespace brownout::codecs
