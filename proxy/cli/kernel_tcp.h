// Measures the throughput of the kernel's TCP over a lossy path that netem emulates (tc-netem(8)).
// `brownout verify` compares the throughput under the fault `loss` with this reference.
//
// A child process measures in its own network namespace, so the rest of the machine is not
// affected. Forks: call it in a process without other threads.
#pragma once

#include "rules/base/result.h"
#include "rules/base/units.h"

namespace brownout::cli {

struct LossyPath {
  rules::Ratio loss{};
  rules::Duration round_trip{};
};

// Returns the bytes per second of a bulk transfer of this length. The error says what is missing:
// netem in the kernel, the commands ip and tc, or the permission to create a namespace.
rules::Result<double> kernel_tcp_rate(const LossyPath& path, rules::Duration length);

}  // namespace brownout::cli
