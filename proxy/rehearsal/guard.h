// Guard: ends what this process has started when this process ends without doing so itself, by
// SIGKILL: a process of its own, which waits for that. It knows them by a variable in their
// environment, which theirs inherit, however they leave their parent behind. Whoever clears the
// environment, or is somebody else by then (sudo), is not found.
#pragma once

#include <sys/types.h>

#include <string>

#include "proxy/loop/fd.h"

namespace brownout::rehearsal {

class Guard {
 public:
  Guard();
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  // From here on nobody needs it.
  ~Guard();

  // "NAME=value", for the environment of what is started.
  const std::string& mark() const { return mark_; }

 private:
  std::string mark_;
  proxy::Fd held_;  // while it is open, this process is there
  pid_t guard_ = -1;
};

}  // namespace brownout::rehearsal
