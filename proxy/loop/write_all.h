// write_all(): writes all bytes to a descriptor, and blocks as long as the reader needs. Use only
// on threads that may wait.
#pragma once

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "proxy/loop/fd.h"

namespace brownout::proxy {

// Writes all of `text`, and waits for the reader. Returns false and sets errno on failure.
inline bool write_all(const Fd& file, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(file.get(), text.data(), text.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) {
      // Waits with poll(2), since a process that shares a standard descriptor may have made it
      // non-blocking.
      pollfd writable{file.get(), POLLOUT, 0};
      ::poll(&writable, 1, -1);
      continue;
    }
    if (count < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace brownout::proxy
