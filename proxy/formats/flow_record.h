// Reads and writes recorded flows, one JSON object a line, in the format of `brownout run --flows`.
//
//   {"listener":"chat","protocol":"tcp","client":"10.1.2.3:50000","destination":"192.0.2.1:1883"}
//
// `source` is accepted for `client`. Ports, the listener and the protocol (tcp) are optional, and
// so are `names`: the host names of the destination, where Brownout knows them.
#pragma once

#include <string>
#include <string_view>

#include "rules/base/result.h"
#include "rules/match/match.h"

namespace brownout::codecs {

enum class FlowOutcome {
  kServed,
  kStopped,  // refused or dropped by a rule: "stopped":true
};

rules::Result<rules::FlowFacts> read_flow(std::string_view line);
std::string write_flow(const rules::FlowFacts& flow, std::string_view time, FlowOutcome outcome);

}  // namespace brownout::codecs
