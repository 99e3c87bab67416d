// Runs a command in a network namespace of its own, as `brownout exec` does, but without faults.
// `brownout init --from-exec` uses it to see which servers the command connects to.
#pragma once

#include <string>
#include <vector>

#include "proxy/observe/event_log.h"

namespace brownout::cli {

// Runs the command and returns its exit code, or an error code as exec() does. `flows` receives
// each flow as a line of `brownout run --flows`, on any thread.
int exec_without_rules(std::vector<std::string> command, proxy::EventSink& flows);

}  // namespace brownout::cli
