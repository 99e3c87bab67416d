// A table of what each rule did, which `run` prints at its end.
#pragma once

#include <string>

#include "rules/engine/rule_set.h"

namespace brownout::proxy {

// "" when there are no rules.
std::string rule_table(const rules::RuleSet& set);

}  // namespace brownout::proxy
