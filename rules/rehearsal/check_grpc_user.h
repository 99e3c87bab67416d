// Checks the keys of a [[probe]] (a group of synthetic users) that makes gRPC calls. Pure
// functions.
#pragma once

#include "rules/protocols/grpc/grpc_user.h"

namespace brownout::rules {

// Reports keys of a [[probe]] that contradict each other. `table` is the [[probe]]; `timeout` is
// the time-out of its attempts.
void check_grpc_user(const Node& table, const GrpcUser& user, Duration timeout,
                     Diagnostics& problems);

}  // namespace brownout::rules
