// Finds keys of a [[rule]] that stand in its fault by mistake, such as probability. Pure functions;
// any thread.
#pragma once

#include "rules/base/diagnostics.h"
#include "rules/engine/fault.h"

namespace brownout::rules {

// Adds a mistake for each key in `fault` that `kind` does not have and a [[rule]] has. Returns the
// fault without these keys, so that they are not reported twice.
Node without_keys_of_rule(const Node& fault, const FaultKind& kind, Diagnostics& problems);

// Returns advice for a fault without a valid `type`.
std::string how_to_name_a_fault(const Node& fault);

}  // namespace brownout::rules
