// Reads a rule file: TOML text becomes a Config, or a list of all its errors. Only this file
// depends on TOML.
//
// Pure: does not read files. Parsing stops at the first syntax error, because the rest cannot be
// trusted; all other errors are reported together.
#pragma once

#include <string_view>
#include <tl/expected.hpp>

#include "rules/base/diagnostics.h"
#include "rules/language/config.h"

namespace brownout::rules {

tl::expected<Config, Diagnostics> load_toml(std::string_view text);

// The two steps of load_toml. A document is the same from TOML and from JSON; every rule and
// listener of a document has a name (complete_names.h).
tl::expected<Node, Diagnostics> parse_toml(std::string_view text);
tl::expected<Config, Diagnostics> read_config(const Node& document);
// Reads as much as the errors allow and adds them to `problems`, so that further checks can follow.
Config read_config(const Node& document, Diagnostics& problems);

// The schema of a [[rule]] without `match`, `fault` and `preset`, for the reference page.
const std::vector<FieldInfo>& rule_fields();
const std::vector<FieldInfo>& document_fields();

}  // namespace brownout::rules
