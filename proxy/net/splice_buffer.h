// Moves bytes from socket to socket inside the kernel: splice(2) through a pipe, which holds what
// the sink would not take yet.
#pragma once

#include <sys/types.h>

#include <cstddef>

#include "proxy/loop/fd.h"

namespace brownout::proxy {

class SpliceBuffer {
 public:
  SpliceBuffer();
  bool usable() const { return static_cast<bool>(in_); }

  // Takes bytes off `source` into the pipe; as read(2): 0 at the end, -1 and errno.
  ssize_t fill(int source);
  // Moves bytes of the pipe into `sink`; as write(2).
  ssize_t drain(int sink);
  std::size_t held() const { return held_; }
  std::size_t capacity() const { return capacity_; }

 private:
  Fd out_;
  Fd in_;
  std::size_t held_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace brownout::proxy
