// Writes the JSON Schema (draft 2020-12) of the rule file, for editors and other programs. The
// schema is made from the same declarations of keys with which the loader reads rule files. No I/O;
// safe on any thread.
//
// The schema accepts every rule file that `brownout check` accepts. It finds unknown keys, wrong
// types, unknown names of faults, and numbers out of range. It does not check how keys depend on
// each other.
#pragma once

#include <string>

namespace brownout::codecs {

std::string rule_file_schema();

}  // namespace brownout::codecs
