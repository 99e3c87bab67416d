// stale_allowlist: an address that should be let in is missing from the list: a new server that
// nobody entered, a partner whose address changed.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kStaleAllowlist;

}  // namespace brownout::rules
