// Guard: starts a helper process that kills the commands of probes if SIGKILL ends this process.
// Descendants owns one.
//
// The helper finds the commands by a mark. The mark is an environment variable, which processes
// inherit even if they leave their parent. Processes that clear their environment, or that run as
// another user (sudo), are not found.
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
  // Ends the helper process, without killing others.
  ~Guard();

  // The mark as "NAME=value", to add to the environment of a started command.
  const std::string& mark() const { return mark_; }

 private:
  std::string mark_;
  // Write end of a pipe, which closes when this process ends; the helper waits for that.
  proxy::Fd held_;
  pid_t guard_ = -1;
};

}  // namespace brownout::rehearsal
