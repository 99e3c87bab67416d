// Formats a table of each rule's counters, which `brownout run` and `brownout exec` print.
#pragma once

#include <string>

#include "rules/engine/rule_set.h"

namespace brownout::proxy {

// Returns the table; "" without rules.
std::string rule_table(const rules::RuleSet& set);

}  // namespace brownout::proxy
