// Formats a table of each rule's counters, which `run` and `exec` print.
#pragma once

#include <string>

#include "rules/engine/rule_set.h"

namespace brownout::proxy {

// The table, or "" without rules.
std::string rule_table(const rules::RuleSet& set);

}  // namespace brownout::proxy
