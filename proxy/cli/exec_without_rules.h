// Runs a command in the interception of `brownout exec`, without faults, to see what it connects
// to.
#pragma once

#include <string>
#include <vector>

#include "proxy/observe/event_log.h"

namespace brownout::cli {

// `flows` receives each flow as a line of `brownout run --flows`, from any thread. Returns as
// exec() does.
int exec_without_rules(std::vector<std::string> command, proxy::EventSink& flows);

}  // namespace brownout::cli
