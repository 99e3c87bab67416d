// [[zone]] records: the lines of a zone file (RFC 1035, 5.1), read as a whole: with $ORIGIN, $TTL
// (RFC 2308, 4), parentheses, comments, what a line leaves out, and BIND's $GENERATE. By ldns.
//
// $INCLUDE reads a file by a function of the caller's; there is no other I/O. Behind it the origin
// is what it was before (RFC 1035, 5.1), and so is the name of the line before, as in BIND; a TTL,
// by $TTL or of a record, goes on to count.
#pragma once

#include <functional>
#include <string>

#include "rules/base/diagnostics.h"
#include "rules/language/config.h"

namespace brownout::codecs {

struct ZoneIncludes {
  // Relative paths begin in the folder of this file; those in an included file, in its own folder.
  std::string rule_file;
  // The text of a file; null: none is read.
  std::function<rules::Result<std::string>(const std::string& path)> read;
};

// Of all zones of a rule file.
inline constexpr std::size_t kMostGenerated = 65'536;  // records by $GENERATE
inline constexpr std::size_t kMostIncludes = 256;
inline constexpr std::size_t kDeepestInclude = 8;
inline constexpr std::size_t kMostZoneText = 64 << 20;  // that is included and generated

// Fills in the records of every zone; what cannot be read is a mistake at the place of its line, or
// of the $INCLUDE that its file comes by.
rules::Diagnostics read_zones(rules::Config& config, const ZoneIncludes& includes = {});

// A rule file with all that takes a codec: load_toml and read_zones.
tl::expected<rules::Config, rules::Diagnostics> load_rules(std::string_view text,
                                                           const ZoneIncludes& includes = {});
tl::expected<rules::Config, rules::Diagnostics> load_rules(const rules::Node& document,
                                                           const ZoneIncludes& includes = {});
// Reads as much as the mistakes allow, and adds them to `problems`.
rules::Config load_rules(const rules::Node& document, const ZoneIncludes& includes,
                         rules::Diagnostics& problems);

}  // namespace brownout::codecs
