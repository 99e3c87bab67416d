// Gives every [[rule]] a name before the file is read: logs, dice and the API identify rules by
// name.
#pragma once

#include "rules/schema/node.h"

namespace brownout::rules {

// Adds the missing names to a document: "latency", or "latency-2" if that is taken.
void name_rules(Node& document);

}  // namespace brownout::rules
