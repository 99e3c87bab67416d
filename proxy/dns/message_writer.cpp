#include "proxy/dns/message_writer.h"

#include <cerrno>

#include "rules/protocols/dns/codec/dns_framing.h"

namespace brownout::proxy {

bool MessageWriter::add(codecs::ByteView message) {
  if (waiting() + message.size() > kMostWaiting) return false;
  codecs::append_framed(bytes_, message);
  return true;
}

bool MessageWriter::flush(Stream& stream) {
  while (!empty()) {
    const auto sent = stream.send(codecs::ByteView(bytes_).subspan(sent_));
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK;
    sent_ += static_cast<std::size_t>(sent);
  }
  bytes_.clear();
  sent_ = 0;
  return true;
}

}  // namespace brownout::proxy
