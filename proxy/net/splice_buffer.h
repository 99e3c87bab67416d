// SpliceBuffer: moves bytes from socket to socket inside the kernel, with splice(2) through a pipe.
// The pipe holds bytes that the receiving socket has not accepted yet. If no descriptor was left
// for the pipe, usable() is false.
#pragma once

#include <sys/types.h>

#include <cstddef>

#include "proxy/loop/fd.h"

namespace brownout::proxy {

class SpliceBuffer {
 public:
  SpliceBuffer();
  bool usable() const { return static_cast<bool>(in_); }

  // Moves bytes from `source` into the pipe. Returns their number, 0 at the end of the stream, or
  // -1 and sets errno, like read(2).
  ssize_t fill(int source);
  // Moves bytes from the pipe into `sink`. Returns their number, or -1 and sets errno, like
  // write(2).
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
