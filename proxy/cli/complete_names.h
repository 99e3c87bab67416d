// Names for completions that are not in the tree of commands: faults and their keys, and the names
// in a rule file or in a running proxy. Never waits long, and answers nothing instead of an error.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "proxy/cli/commands.h"

namespace brownout::cli {

// A word and its meaning.
using Candidates = std::vector<std::pair<std::string, std::string>>;

Candidates fault_names();
// "delay=" for each key of the fault.
Candidates keys_of_fault(const std::string& fault);
// The names of the tables `kind` ("rule", "listener") in a rule file.
Candidates names_in_file(const std::string& path, const std::string& kind);
// The names of a running proxy's "rules", "listeners" or "flows".
Candidates names_of_proxy(const CtlOptions& options, const std::string& what);

}  // namespace brownout::cli
