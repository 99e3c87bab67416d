// Every [[rule]] has a name, given or made of its fault, before anything is read: logs, dice and
// the API call it by that.
#pragma once

#include "rules/schema/node.h"

namespace brownout::rules {

// Adds the missing names to a document: "latency", or "latency-2" when that is taken.
void name_rules(Node& document);

}  // namespace brownout::rules
