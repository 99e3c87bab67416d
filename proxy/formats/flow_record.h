// A recorded flow: one line of JSON, as `brownout run --flows` writes it.
//
//   {"listener":"chat","protocol":"tcp","client":"10.1.2.3:50000","destination":"192.0.2.1:1883"}
//
// `source` is understood for `client`; a port may be missing, and so may listener and protocol
// (tcp).
#pragma once

#include <string>
#include <string_view>

#include "rules/base/result.h"
#include "rules/match/match.h"

namespace brownout::codecs {

enum class FlowOutcome {
  kServed,
  kStopped,  // a rule refused or dropped it; its line says "stopped":true
};

rules::Result<rules::FlowFacts> read_flow(std::string_view line);
std::string write_flow(const rules::FlowFacts& flow, std::string_view time, FlowOutcome outcome);

}  // namespace brownout::codecs
