// Reads a rule file: turns TOML text into a Config, or into a list of all its errors. Only this
// file depends on the TOML parser.
//
// Pure functions that do not open files. Parsing stops at the first syntax error, because the text
// after it cannot be interpreted. All other errors are reported together.
#pragma once

#include <string_view>
#include <tl/expected.hpp>

#include "rules/base/diagnostics.h"
#include "rules/language/config.h"

namespace brownout::rules {

tl::expected<Config, Diagnostics> load_toml(std::string_view text);

// The two steps of load_toml. A document is the same whether it was read from TOML or from JSON.
// Each rule and listener of a document has a name (complete_names.h).
tl::expected<Node, Diagnostics> parse_toml(std::string_view text);
tl::expected<Config, Diagnostics> read_config(const Node& document);
// Like read_config() above, but if the document has errors, adds them to `problems` and returns
// what could be read. The caller can then make further checks.
Config read_config(const Node& document, Diagnostics& problems);

// Returns the keys of a [[rule]] except `match`, `fault` and `preset`, for the reference page.
const std::vector<FieldInfo>& rule_fields();
const std::vector<FieldInfo>& document_fields();

}  // namespace brownout::rules
