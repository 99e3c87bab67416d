// Stream: one non-blocking connection, as its owner reads and writes it.
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <span>

#include "proxy/loop/fd.h"

namespace brownout::proxy {

class Stream {
 public:
  Stream() = default;
  explicit Stream(Fd connection) : fd_(std::move(connection)) {}

  int number() const { return fd_.get(); }
  const Fd& fd() const { return fd_; }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  Fd take_fd() { return std::move(fd_); }

  // As recv(2) and send(2): bytes, 0 at the end, or -1 and errno.
  ssize_t receive(std::span<std::byte> into) {
    return ::recv(fd_.get(), into.data(), into.size(), MSG_DONTWAIT);
  }
  ssize_t send(std::span<const std::byte> bytes) {
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  // FIN.
  void finish() { ::shutdown(fd_.get(), SHUT_WR); }

 private:
  Fd fd_;
};

}  // namespace brownout::proxy
