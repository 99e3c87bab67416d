// The part of `explain` about connects: whether they hang, since their SYNs are lost, or succeed.
// Pure functions.
#pragma once

#include <string>

#include "rules/language/explain.h"

namespace brownout::rules {

// Says of a rule that acts how it meets a new connection, as the end of a sentence with its
// semicolon. "" if the rule has nothing to do with connects, or the listener is unknown.
std::string connect_text(const Rule& rule, const Question& question);
// The same for a firewall that drops the new connection.
std::string dropped_connect_text(const RuleRef& rule, const Question& question);

// Whether the draw of a fault of SYNs selects the client; no value if each connect has another
// draw.
std::optional<bool> syn_selected(const Rule& rule, const Question& question);

}  // namespace brownout::rules
