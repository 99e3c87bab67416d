// Warns about settings of a rule file that are valid but unlikely to do what the author intended.
// Pure functions; any thread.
#pragma once

#include "rules/base/diagnostics.h"
#include "rules/language/config.h"

namespace brownout::rules {

Diagnostics warnings_of(const Config& config);
// Adds the warnings about one rule of the config to `warnings`.
void add_warnings(const Config& config, const Rule& rule, Diagnostics& warnings);

}  // namespace brownout::rules
