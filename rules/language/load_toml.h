// Text to Config, or all its mistakes. The only place that knows TOML.
//
// Pure: does not read files. A syntax error stops at the first (the rest cannot be trusted); every
// other mistake is reported in one go.
#pragma once

#include <string_view>
#include <tl/expected.hpp>

#include "rules/base/diagnostics.h"
#include "rules/language/config.h"

namespace brownout::rules {

tl::expected<Config, Diagnostics> load_toml(std::string_view text);

// The two halves of it. A document is the same thing from TOML and from JSON; every rule of it has
// a name (rule_names.h).
tl::expected<Node, Diagnostics> parse_toml(std::string_view text);
tl::expected<Config, Diagnostics> read_config(const Node& document);
// Reads as much as the mistakes allow, and adds them to `problems`: more can then be looked for.
Config read_config(const Node& document, Diagnostics& problems);

// The schema of a [[rule]] without `match`, `fault` and `preset`, for the reference page.
const std::vector<FieldInfo>& rule_fields();
const std::vector<FieldInfo>& document_fields();

}  // namespace brownout::rules
