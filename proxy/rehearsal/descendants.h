// Descendants: starts the commands of exec probes, and ends all processes that these commands
// started. Processes that leave their parent by setsid or a double fork become children of this
// process (PR_SET_CHILD_SUBREAPER, prctl(2)). The destructor sends SIGTERM, and SIGKILL half a
// second later. If SIGKILL ends this process, the guard ends the processes (guard.h). One object at
// a time; safe on any thread.
#pragma once

#include <sys/types.h>

#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "proxy/rehearsal/guard.h"
#include "rules/base/result.h"

namespace brownout::rehearsal {

class Descendants {
 public:
  Descendants();
  Descendants(const Descendants&) = delete;
  Descendants& operator=(const Descendants&) = delete;
  // Ends the remaining processes, and waits for their end for at most three seconds.
  ~Descendants();

  // Runs `command` by /bin/sh in a new process group, with stdin and stdout on /dev/null. Returns
  // the process id, or an errno.
  tl::expected<pid_t, int> spawn(const std::string& command);
  // Returns the status as in waitpid(2); none while the child runs.
  std::optional<int> ended(pid_t child);
  // Kills the child and its process group at once. Waits for the child.
  void kill(pid_t child);
  // Reaps ended processes for which no caller waits.
  void reap();

 private:
  Guard guard_;  // constructed first: earlier_ must contain the guard's process
  std::mutex mutex_;
  std::set<pid_t> awaited_;  // children whose end ended() has not yet returned
  std::set<pid_t> earlier_;  // descendants that existed before this object
  int adopted_before_ = 0;
};

}  // namespace brownout::rehearsal
