// Reads when a rule is active: its keys start, duration, ramp, repeat and windows, with the checks
// that involve several of them. Pure functions; any thread.
#pragma once

#include "rules/chance/schedule.h"
#include "rules/language/document_schema.h"

namespace brownout::rules {

// Returns the schedule of a [[rule]]. Mistakes are added to `problems`.
Schedule read_schedule(const Node& rule, const RuleKeys& keys, Diagnostics& problems);

// Adds a mistake if the rule starts more than once, for faults that do not support it.
void check_starts_once(const Node& rule, const Schedule& schedule, Diagnostics& problems);

}  // namespace brownout::rules
