// Runs a command in the interception of `brownout exec`, without faults, to see what it connects
// to.
#pragma once

#include <string>
#include <vector>

#include "proxy/observe/event_log.h"

namespace brownout::cli {

// Runs the command and returns its exit code, or an error code as exec() does. `flows` receives
// each flow as a line of `brownout run --flows`, on any thread.
int exec_without_rules(std::vector<std::string> command, proxy::EventSink& flows);

}  // namespace brownout::cli
