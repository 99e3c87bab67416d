// Previews a rule: lists the open connections that it could act on. Ignores `probability`, and keys
// that say nothing about an open connection (host, path, qname); `narrowed_by` lists those keys.
// Changes nothing. Control loop's thread only.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "proxy/control/live_config.h"

namespace brownout::proxy {

// {"open", "hit", "clients", "examples", "narrowed_by", "warnings"}, or the mistakes of the rule.
// `name` must be the name that the rule has, or would get.
Allowed<nlohmann::ordered_json> preview_of(const LiveConfig& live, const std::string& name,
                                           rules::Node rule);

}  // namespace brownout::proxy
