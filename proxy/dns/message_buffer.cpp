#include "proxy/dns/message_buffer.h"

#include <sys/socket.h>

#include <cerrno>

namespace brownout::proxy {

std::span<std::byte> MessageReader::next() {
  const std::span<std::byte> rest = std::span(bytes_).subspan(taken_);
  const auto whole = [&] {
    return std::to_integer<std::size_t>(rest[0]) << 8 | std::to_integer<std::size_t>(rest[1]);
  };
  if (rest.size() >= 2 && rest.size() >= 2 + whole()) {
    const auto message = rest.subspan(2, whole());
    taken_ += 2 + message.size();
    return message.empty() ? next() : message;
  }
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  return {};
}

bool MessageWriter::add(codecs::ByteView message) {
  if (bytes_.size() - sent_ + message.size() > kMostWaiting) return false;
  bytes_.push_back(static_cast<std::byte>(message.size() >> 8));
  bytes_.push_back(static_cast<std::byte>(message.size() & 0xff));
  bytes_.insert(bytes_.end(), message.begin(), message.end());
  return true;
}

bool MessageWriter::flush(const Fd& fd) {
  while (!empty()) {
    const auto sent =
        ::send(fd.get(), bytes_.data() + sent_, bytes_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    sent_ += static_cast<std::size_t>(sent);
  }
  bytes_.clear();
  sent_ = 0;
  return true;
}

}  // namespace brownout::proxy
