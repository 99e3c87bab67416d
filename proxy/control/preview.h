// Previews a rule: lists the open connections on which the rule could act. Ignores `probability`,
// and conditions that open connections do not show (host, path, qname). The member `narrowed_by`
// lists the keys of these conditions. Changes nothing. Control loop's thread only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "proxy/control/live_config.h"

namespace brownout::proxy {

// Returns {"open", "hit", "clients", "examples", "narrowed_by", "warnings"}, or the errors of the
// rule. `name` must be the rule's name; for a rule without a name, the one that it would get.
Allowed<nlohmann::ordered_json> preview_of(const LiveConfig& live, const std::string& name,
                                           rules::Node rule);

}  // namespace brownout::proxy
