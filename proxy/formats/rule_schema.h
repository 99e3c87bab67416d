// Writes the JSON Schema (draft 2020-12) of the rule file, for editors and other programs. The
// schema is made from the same declarations of keys with which the loader reads rule files. No I/O;
// safe on any thread.
//
// The schema accepts every rule file that `brownout check` accepts. It finds unknown keys, wrong
// types, unknown names of faults, and numbers out of range. It does not check how keys depend on
// each other.
#pragma once

#include <string>
#include <string_view>

namespace brownout::codecs {

std::string rule_file_schema();

// Returns a JSON object with the schemas of single tables, for the description of the HTTP API:
// Rule, Listener, Upstream, Zone, Firewall, Match, Fault. They refer to each other by `place` and
// their name, e.g. "#/components/schemas/Match".
std::string table_schemas(std::string_view place);

}  // namespace brownout::codecs
