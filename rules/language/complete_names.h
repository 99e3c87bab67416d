// Adds the names that a rule file leaves out. Names are needed before anything else is read,
// because logs, metrics, random numbers and the API refer to each [[listener]] and [[rule]] by its
// name. Pure functions; any thread.
#pragma once

#include "rules/schema/node.h"

namespace brownout::rules {

// A rule without a name is named after its fault or preset: "latency", or "latency-2" if that name
// is taken. A listener is named after its protocol and port: "tcp-5433". Tables that are too
// malformed get no name; read_config() reports their errors.
void complete_names(Node& document);

}  // namespace brownout::rules
