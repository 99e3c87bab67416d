#include "proxy/rehearsal/user_link.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace brownout::rehearsal {

Outcome<std::shared_ptr<tls::ClientContext>> tls_of(const rules::Probe& probe) {
  if (probe.ca.empty()) return nullptr;
  rules::TlsClient config;
  config.ca = probe.ca;
  config.name = probe.sni;
  auto context = tls::ClientContext::make(config);
  if (!context) return tl::unexpected(context.error().what);
  return std::move(*context);
}

std::string UserLink::connect(const Endpoint& to, const std::optional<rules::IpAddress>& local,
                              Instant deadline) {
  close();
  auto fd = Socket::connect(to, local, deadline);
  if (!fd) return fd.error();
  fd_ = std::move(*fd);
  return {};
}

std::string UserLink::shake_hands(const tls::ClientContext& context, const std::string& host,
                                  Instant deadline) {
  layer_.emplace(fd_.get());
  layer_->start(context.session(host), true);
  while (true) {
    switch (layer_->handshake()) {
      case tls::Progress::kDone:
        return {};
      case tls::Progress::kFailed:
        return layer_->why();
      case tls::Progress::kAgain:
        if (!Socket::wait(fd_, POLLIN, deadline)) return "handshake: timed out";
    }
  }
}

void UserLink::close() {
  layer_.reset();
  fd_.reset();
}

std::string UserLink::send(std::string_view words, Instant deadline) {
  auto bytes = std::as_bytes(std::span(words));
  if (!layer_) {
    const auto sent = Socket::send(fd_, bytes, deadline);
    return sent ? "" : sent.error();
  }
  while (!bytes.empty()) {
    const auto sent = layer_->send(bytes);
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno != EAGAIN) {
      return "connection lost: " + layer_->why();
    } else if (!Socket::wait(fd_, POLLOUT, deadline)) {
      return "timed out";
    }
  }
  return {};
}

Outcome<std::size_t> UserLink::receive(std::span<std::byte> into, Instant deadline) {
  while (true) {
    auto count = receive(into);
    if (!count || *count > 0) return count;
    if (!Socket::wait(fd_, POLLIN, deadline)) return std::size_t{0};
  }
}

Outcome<std::size_t> UserLink::receive(std::span<std::byte> into) {
  while (true) {
    const auto count =
        layer_ ? layer_->receive(into) : ::recv(fd_.get(), into.data(), into.size(), 0);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0)
      return tl::unexpected(std::string("connection lost: the server closed the connection"));
    if (errno == EAGAIN) return std::size_t{0};
    if (errno == EINTR) continue;
    return tl::unexpected("connection lost: " +
                          (layer_ ? layer_->why() : std::string(std::strerror(errno))));
  }
}

}  // namespace brownout::rehearsal
