// Descendants: the processes that exec probes start, and all that those start, however they leave
// their parent behind (setsid, a double fork): the process adopts them (PR_SET_CHILD_SUBREAPER, see
// prctl(2)). They end with this object: first by SIGTERM, and what is left half a second later by
// SIGKILL; and when this process ends by SIGKILL, too (guard.h). One at a time; from any thread.
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
  // Waits until they have ended, for three seconds at most.
  ~Descendants();

  // Runs it by /bin/sh, in a process group of its own, with stdin and stdout to /dev/null. Its
  // number, or an errno.
  tl::expected<pid_t, int> spawn(const std::string& command);
  // As waitpid(2) has it; none while it runs.
  std::optional<int> ended(pid_t child);
  // It and its group, at once. Waits for it.
  void kill(pid_t child);
  // Takes leave of those that have ended and that nobody asks for.
  void reap();

 private:
  Guard guard_;  // the first: it is no descendant
  std::mutex mutex_;
  std::set<pid_t> asked_for_;  // until ended() has said so
  std::set<pid_t> others_;     // were there before
  int adopted_before_ = 0;
};

}  // namespace brownout::rehearsal
