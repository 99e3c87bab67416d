// The course of a running rehearsal as JSON, for the dashboard and the API. Control loop's thread
// only.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "proxy/rehearsal/runner.h"

namespace brownout::rehearsal {

// Returns {"name", "now_s", "length_s", "halted", "phases": [{"name", "begin_s", "end_s", "state",
// "left_s"}], "probes": [{"name", "users", "ok", "failed", "now": {"ok", "failed"}}]}. Times are
// scenario time, which is negative before the first phase. Only "left_s" is real time.
nlohmann::ordered_json course_of(const Runner& runner);

}  // namespace brownout::rehearsal
