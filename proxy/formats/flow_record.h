// Reads and writes the flow log of `brownout run --flows`: one JSON object a line for each
// connection or UDP session.
//
//  {"listener":"chat","protocol":"tcp","client":"10.1.2.3:50000","destination":"192.0.2.1:1883"}
//
// The reader also accepts `source` for `client`. Ports, `listener` and `protocol` (default tcp) are
// optional. A record of dropped or rejected SYNs has only their number, without addresses, since
// the kernel only counts them:
//
//  {"listener":"chat","protocol":"tcp","rule":"lost","lost_syns":3}
//
// `names` has the host names of the destination, where Brownout knows them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "rules/base/result.h"
#include "rules/match/match.h"

namespace brownout::codecs {

enum class FlowOutcome {
  kServed,
  kStopped,  // a rule refused or dropped the flow; written as "stopped":true
};

// SYNs and datagrams that the kernel dropped or rejected, so that they never became a flow.
struct LostSyns {
  std::string_view listener = {};
  std::string_view rule = {};
  std::uint64_t count = 0;
  bool answered = false;  // written as "answered_syns"
};
std::string write_lost_syns(const LostSyns& lost, std::string_view time);
// Whether the line is a record of dropped or rejected SYNs, so that read_flow() cannot read it.
bool is_lost_syns(std::string_view line);

rules::Result<rules::FlowFacts> read_flow(std::string_view line);
std::string write_flow(const rules::FlowFacts& flow, std::string_view time, FlowOutcome outcome);

}  // namespace brownout::codecs
