// Writes values as TOML. Any bytes give valid TOML: invalid UTF-8 is replaced, and control
// characters are escaped.
#pragma once

#include <string>
#include <string_view>

#include "rules/schema/node.h"

namespace brownout::codecs {

// A basic string with its quotes.
std::string toml_string(std::string_view text);
// A value on one line; a table is an inline table, in the order of its members.
std::string toml_text(const rules::Node& node);

}  // namespace brownout::codecs
