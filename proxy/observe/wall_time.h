// The time of day, for people and for logs.
#pragma once

#include <string>

namespace brownout::proxy {

// Now, as RFC 3339 has it: "2026-11-24T20:15:03.120481Z".
std::string wall_time();

}  // namespace brownout::proxy
