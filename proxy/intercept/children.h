// The children of this process, which may be those of others that died (PR_SET_CHILD_SUBREAPER).
#pragma once

#include <sys/types.h>

#include <functional>

namespace brownout::proxy {

// Of what waitpid(2) says, as a shell has it: 128 and the signal's number where one ended it.
int exit_status_of(int wait_status);

void for_each_child(const std::function<void(pid_t)>& act);
// Kills them, and those that they leave, until there is none.
void end_children();

}  // namespace brownout::proxy
