#include "proxy/dns/message_writer.h"

#include <sys/socket.h>

#include <cerrno>

namespace brownout::proxy {

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
