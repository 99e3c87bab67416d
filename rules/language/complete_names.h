// Adds the names that a rule file leaves out, before anything else is read: logs, metrics, dice and
// the API call every [[listener]] and [[rule]] by its name.
#pragma once

#include "rules/schema/node.h"

namespace brownout::rules {

// A rule without a name is called after its fault or preset: "latency", or "latency-2" if that is
// taken. A listener is called after its protocol and port: "tcp-5433". Tables that are too broken
// to have a name stay without one; read_config() reports what is wrong with them.
void complete_names(Node& document);

}  // namespace brownout::rules
