// The part of `brownout explain` that says whether a connect succeeds, fails, or hangs because its
// SYNs are dropped. Pure functions; any thread.
#pragma once

#include <string>

#include "rules/language/explain.h"

namespace brownout::rules {

// Returns the effect of an active rule on a new connection, as the end of a sentence: "; a connect
// ...". "" if the rule does not affect connects, or the listener is unknown.
std::string connect_text(const Rule& rule, const Question& question);
// Like connect_text(), for a firewall that drops the new connection.
std::string dropped_connect_text(const RuleRef& rule, const Question& question);

// Whether the random draw of a rule that drops SYNs selects the client; no value if a number is
// drawn for each connect.
std::optional<bool> syn_selected(const Rule& rule, const Question& question);

}  // namespace brownout::rules
