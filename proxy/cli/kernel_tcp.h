// Measures the kernel's own TCP on a path with losses, which netem makes (tc-netem(8)). So
// `brownout verify` can compare the fault `loss` with the original.
//
// A child process does it in a network namespace of its own, so that nothing else of the machine is
// affected. Call in a process without other threads.
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
