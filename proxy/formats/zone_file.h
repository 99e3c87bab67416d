// Reads the records of [[zone]] tables in zone file format (RFC 1035, section 5.1), with ldns.
// Supports $ORIGIN, $TTL (RFC 2308, section 4), $INCLUDE, BIND's $GENERATE, parentheses, comments
// and omitted fields.
//
// $INCLUDE reads files through a function of the caller; there is no other I/O. After an included
// file, the origin (RFC 1035, section 5.1) and the previous owner name (as in BIND) are restored.
// TTLs are not: the last $TTL or record TTL of the included file stays in effect.
#pragma once

#include "proxy/formats/includes.h"
#include "rules/base/diagnostics.h"
#include "rules/language/config.h"

namespace brownout::codecs {

// Limits on all zones of a rule file together.
inline constexpr std::size_t kMostGenerated = 65'536;  // limit of records made by $GENERATE
inline constexpr std::size_t kMostIncludes = 256;
inline constexpr std::size_t kDeepestInclude = 8;
// limit of bytes of included and generated text
inline constexpr std::size_t kMostZoneText = 64 << 20;

// Parses the records of every zone into `config`. An error has the position of its line in the rule
// file. An error in an included file has the position of the $INCLUDE line in the rule file.
rules::Diagnostics read_zones(rules::Config& config, const Includes& includes = {});

}  // namespace brownout::codecs
