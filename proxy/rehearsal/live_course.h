// Formats the progress of a running rehearsal (phases, probes, times) as JSON, for the dashboard
// and the API. Control loop's thread only.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "proxy/rehearsal/runner.h"

namespace brownout::rehearsal {

// Returns {"name", "now_s", "length_s", "halted", "phases": [{"name", "begin_s", "end_s", "state",
// "left_s"}], "probes": [{"name", "users", "ok", "failed", "now": {"ok", "failed"}}]}. Times are
// scenario time in seconds, except for "left_s", which is real time. Scenario time is real time
// since the first phase began, multiplied by the scenario's time_scale; negative before that phase.
nlohmann::ordered_json course_of(const Runner& runner);

}  // namespace brownout::rehearsal
