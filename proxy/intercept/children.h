// The children of this process, which may be those of others that died (PR_SET_CHILD_SUBREAPER).
#pragma once

#include <sys/types.h>

#include <functional>

namespace brownout::proxy {

void for_each_child(const std::function<void(pid_t)>& act);
// Kills them, and those that they leave, until there is none.
void end_children();

}  // namespace brownout::proxy
