// Writes the JSON Schema (draft 2020-12) of the rule file, for editors and other programs. It is
// made from the declarations that the loader reads. No I/O; any thread.
//
// The schema accepts every rule file that `brownout check` accepts. It finds unknown keys, wrong
// types, unknown names of faults, and numbers out of range; relations between keys are for `check`.
#pragma once

#include <string>

namespace brownout::codecs {

std::string rule_file_schema();

}  // namespace brownout::codecs
