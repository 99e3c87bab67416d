// Descendants: starts the commands of probes of the kind exec, and ends all processes that these
// commands started. The runner of a rehearsal owns one; safe on any thread.
//
// Processes that leave their parent by setsid or a double fork become children of this process
// (PR_SET_CHILD_SUBREAPER, prctl(2)). The destructor sends SIGTERM, and SIGKILL half a second
// later. If SIGKILL ends this process, the guard process ends the others (guard.h). At most one
// object exists at a time.
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
  // Ends all processes that still run. Waits at most three seconds for their end.
  ~Descendants();

  // Runs `command` by /bin/sh in a new process group, without input or output. Returns the process
  // id, or an errno.
  tl::expected<pid_t, int> spawn(const std::string& command);
  // Returns the child's status as in waitpid(2); nothing while the child runs.
  std::optional<int> ended(pid_t child);
  // Kills the child and its process group at once, and waits for the child's end.
  void kill(pid_t child);
  // Reaps ended processes for which no caller waits, so that none stays a zombie.
  void reap();

 private:
  Guard guard_;  // declared first, so that earlier_ contains the guard's process
  std::mutex mutex_;
  // Children of spawn() whose end ended() and kill() have not reported yet.
  std::set<pid_t> awaited_;
  std::set<pid_t> earlier_;  // descendants of this process that are older than this object
  int adopted_before_ = 0;
};

}  // namespace brownout::rehearsal
