// Reads and writes records of flows, one JSON object a line, as `brownout run --flows` writes them.
//
//  {"listener":"chat","protocol":"tcp","client":"10.1.2.3:50000","destination":"192.0.2.1:1883"}
//
// The reader also accepts `source` for `client`. Ports, `listener` and `protocol` (default tcp) are
// optional. `names` has the host names of the destination, where Brownout knows them.
#pragma once

#include <string>
#include <string_view>

#include "rules/base/result.h"
#include "rules/match/match.h"

namespace brownout::codecs {

enum class FlowOutcome {
  kServed,
  kStopped,  // a rule refused or dropped the flow; written as "stopped":true
};

rules::Result<rules::FlowFacts> read_flow(std::string_view line);
std::string write_flow(const rules::FlowFacts& flow, std::string_view time, FlowOutcome outcome);

}  // namespace brownout::codecs
