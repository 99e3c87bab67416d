// Helpers for child processes. With PR_SET_CHILD_SUBREAPER, orphans of child processes become
// children of this process, so these functions handle them too.
#pragma once

#include <sys/types.h>

#include <functional>

namespace brownout::proxy {

// Converts a status of waitpid(2) to an exit status as a shell reports it: 128 plus the signal's
// number if a signal ended the process.
int exit_status_of(int wait_status);

// Calls `act` with the process id of each child that exists now.
void for_each_child(const std::function<void(pid_t)>& act);
// Kills all children and their orphans, until none is left.
void end_children();

}  // namespace brownout::proxy
