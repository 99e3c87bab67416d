// Returns the current time of day as text, for logs.
#pragma once

#include <string>

namespace brownout::proxy {

// Returns the current time in RFC 3339 format: "2026-11-24T20:15:03.120481Z".
std::string wall_time();

}  // namespace brownout::proxy
