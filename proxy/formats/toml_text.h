// Writes values as TOML. Any bytes give valid TOML: invalid UTF-8 is replaced, and control
// characters are escaped.
#pragma once

#include <string>
#include <string_view>

#include "rules/schema/node.h"

namespace brownout::codecs {

// Returns the text as a TOML string in double quotes.
std::string toml_string(std::string_view text);
// Returns the value on one line. A table becomes an inline table with its members in their order.
std::string toml_text(const rules::Node& node);

}  // namespace brownout::codecs
