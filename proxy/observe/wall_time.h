// Reads the system's wall clock, and formats its time as text for logs and events. Any thread.
#pragma once

#include <cstdint>
#include <string>

namespace brownout::proxy {

// Returns the date and time in UTC in RFC 3339 format, for example "2026-11-24T20:15:03.120481Z".
std::string wall_time();
// wall_micros() returns the time in microseconds since the Unix epoch. wall_time(micros) returns
// such a time in RFC 3339 format.
std::int64_t wall_micros();
std::string wall_time(std::int64_t micros);

}  // namespace brownout::proxy
