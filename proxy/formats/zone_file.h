// Reads the records of [[zone]] tables in zone file format (RFC 1035, section 5.1), with ldns.
// Supports $ORIGIN, $TTL (RFC 2308, section 4), $INCLUDE, BIND's $GENERATE, parentheses, comments
// and omitted fields.
//
// $INCLUDE reads files through a function of the caller; there is no other I/O. After an included
// file, the origin (RFC 1035, section 5.1) and the previous owner name (as in BIND) are restored.
// TTLs are not: the last $TTL or record TTL of the included file stays in effect.
#pragma once

#include <functional>
#include <string>

#include "rules/base/diagnostics.h"
#include "rules/language/config.h"

namespace brownout::codecs {

struct ZoneIncludes {
  // Path of the rule file. $INCLUDE resolves a relative path against the folder of the file that
  // contains the $INCLUDE line.
  std::string rule_file;
  // Returns the text of an included file; null forbids $INCLUDE.
  std::function<rules::Result<std::string>(const std::string& path)> read;
};

// Limits on all zones of a rule file together.
inline constexpr std::size_t kMostGenerated = 65'536;  // limit of records made by $GENERATE
inline constexpr std::size_t kMostIncludes = 256;
inline constexpr std::size_t kDeepestInclude = 8;
// limit of bytes of included and generated text
inline constexpr std::size_t kMostZoneText = 64 << 20;

// Parses the records of every zone into `config`. An error has the position of its line in the rule
// file. An error in an included file has the position of the $INCLUDE line in the rule file.
rules::Diagnostics read_zones(rules::Config& config, const ZoneIncludes& includes = {});

// Loads a rule file with the records of its zones: calls load_toml(), then read_zones().
tl::expected<rules::Config, rules::Diagnostics> load_rules(std::string_view text,
                                                           const ZoneIncludes& includes = {});
tl::expected<rules::Config, rules::Diagnostics> load_rules(const rules::Node& document,
                                                           const ZoneIncludes& includes = {});
// Loads as much of a rule file as possible, and adds all errors to `problems`.
rules::Config load_rules(const rules::Node& document, const ZoneIncludes& includes,
                         rules::Diagnostics& problems);

}  // namespace brownout::codecs
