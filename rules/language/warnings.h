// What a rule file says without a mistake, and what will hardly do what was meant.
#pragma once

#include "rules/base/diagnostics.h"
#include "rules/language/config.h"

namespace brownout::rules {

Diagnostics warnings_of(const Config& config);
// Of one rule of it.
void add_warnings(const Config& config, const Rule& rule, Diagnostics& warnings);

}  // namespace brownout::rules
