// envoy_headers: a caller chooses the fault of its own request, by the headers of Envoy's fault
// filter:
//
//   x-envoy-fault-delay-request: 2000              milliseconds before the server is asked
//   x-envoy-fault-abort-request: 503               the status it gets instead of a response
//   x-envoy-fault-abort-grpc-request: 14           or the gRPC status
//   x-envoy-fault-throughput-response: 64          KiB a second of the response's body
//   ...-percentage                                 of delay, abort and throughput: how likely
//
// Off unless a rule has it. A percentage counts within the rule's own probability, which so caps
// it. The headers never reach the server. A value that is not understood does nothing.
#pragma once

#include "rules/fault.h"

namespace brownout::rules {

extern const FaultKind kEnvoyHeaders;

}  // namespace brownout::rules
