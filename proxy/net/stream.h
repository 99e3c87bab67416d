// Stream: one non-blocking connection, as its owner reads and writes it: plain, or with TLS in
// between. Movable; loop's thread only.
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
  // For closing it.
  Fd take_fd() {
    tls_.reset();
    return std::move(fd_);
  }

  // As recv(2) and send(2): bytes, 0 at the end, or -1 and errno.
  ssize_t receive(std::span<std::byte> into) {
    if (tls_) return tls_->receive(into);
    return ::recv(fd_.get(), into.data(), into.size(), MSG_DONTWAIT);
  }
  ssize_t send(std::span<const std::byte> bytes) {
    if (tls_) return tls_->send(bytes);
    return ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  // FIN.
  void finish() {
    if (tls_) tls_->close_notify();
    ::shutdown(fd_.get(), SHUT_WR);
  }

  // TLS in between; made at the first call.
  tls::TlsLayer& tls() {
    if (!tls_) tls_ = std::make_unique<tls::TlsLayer>(fd_.get());
    return *tls_;
  }
  // Whether bytes are those of the socket: only then does a short read mean that it is empty, and
  // can the kernel move them.
  bool plain() const { return tls_ == nullptr; }
  bool stopped() const { return tls_ && tls_->stopped(); }
  // Why TLS failed, or "". After sending has failed, the alert that says why may still be unread.
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
