// Stream: reads and writes one non-blocking connection, plain or through TLS. Movable; owned by its
// flow; use only on the event loop's thread.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "proxy/loop/fd.h"
#include "proxy/tls/layer.h"

namespace brownout::proxy {

class Stream {
 public:
  Stream() = default;
  explicit Stream(Fd connection) : fd_(std::move(connection)) {}

  int number() const { return fd_.get(); }
  const Fd& fd() const { return fd_; }
  explicit operator bool() const { return static_cast<bool>(fd_); }
  // Gives the descriptor to the caller, who must close it.
  Fd take_fd() {
    tls_.reset();
    return std::move(fd_);
  }

  // Receives or sends bytes. Returns their number, 0 at the end of the stream, or -1 and sets
  // errno, like recv(2) and send(2).
  ssize_t receive(std::span<std::byte> into) {
    if (tls_) return tls_->receive(into);
    return ::recv(fd_.get(), into.data(), into.size(), MSG_DONTWAIT);
  }
  ssize_t send(std::span<const std::byte> bytes) {
    if (tls_) return tls_->send(bytes);
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  // Sends a FIN, and with TLS a close_notify before it.
  void finish() {
    if (tls_) tls_->close_notify();
    ::shutdown(fd_.get(), SHUT_WR);
  }

  // The TLS layer of the connection, which the first call adds.
  tls::TlsLayer& tls() {
    if (!tls_) tls_ = std::make_unique<tls::TlsLayer>(fd_.get());
    return *tls_;
  }
  // Whether the connection has no TLS layer. Only then does a short read mean that the socket is
  // empty, and only then can splice(2) move the bytes.
  bool plain() const { return tls_ == nullptr; }
  bool stopped() const { return tls_ && tls_->stopped(); }
  // Returns why TLS failed; "" if it did not. Also reads from the socket, since after a failed send
  // the peer's alert may still be unread.
  std::string why_failed() {
    if (!tls_ || !tls_->terminated()) return {};
    std::array<std::byte, 4096> unread;
    if (tls_->why().empty()) tls_->receive(unread);
    return tls_->why();
  }

 private:
  Fd fd_;
  std::unique_ptr<tls::TlsLayer> tls_;
};

}  // namespace brownout::proxy
