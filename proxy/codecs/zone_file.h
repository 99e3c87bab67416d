// [[zone]] records: lines of a zone file (RFC 1035, 5.1), read by ldns.
#pragma once

#include <string>

#include "rules/config.h"
#include "rules/diagnostics.h"

namespace brownout::codecs {

// Fills in the records of every zone; what cannot be read is a mistake at the place of its line.
rules::Diagnostics read_zones(rules::Config& config);

// A rule file with all that takes a codec: load_toml and read_zones.
tl::expected<rules::Config, rules::Diagnostics> load_rules(std::string_view text);
tl::expected<rules::Config, rules::Diagnostics> load_rules(const rules::Node& document);

}  // namespace brownout::codecs
