// What each rule did, for a person: the table that `run` prints at its end.
#pragma once

#include <string>

#include "rules/rule_set.h"

namespace brownout::proxy {

// "" when there are no rules.
std::string rule_table(const rules::RuleSet& set);

// The rules that never matched a connection, and should have: the commonest complaint about fault
// injection is that nothing happened, or not what was asked.
std::vector<std::string> never_matched(const rules::RuleSet& set);

}  // namespace brownout::proxy
