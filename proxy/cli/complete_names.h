// Collects the words that shell completion offers for arguments: fault types and their keys, and
// the names of rules, listeners and flows in a rule file or in a running proxy. (Names of commands
// and options come from command_tree.h.) Waits at most a quarter of a second for a proxy, and
// returns no names after an error.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "proxy/cli/commands.h"

namespace brownout::cli {

// Pairs of a word and its meaning.
using Candidates = std::vector<std::pair<std::string, std::string>>;

Candidates fault_names();
// Returns the keys of the fault in the form "delay=".
Candidates keys_of_fault(const std::string& fault);
// Returns the names of the tables of a kind ("rule", "listener") in a rule file.
Candidates names_in_file(const std::string& path, const std::string& kind);
// Returns the names of a running proxy's "rules", "listeners" or "flows".
Candidates names_of_proxy(const CtlOptions& options, const std::string& what);

}  // namespace brownout::cli
