#include "proxy/codecs/dns_framing.h"

namespace brownout::codecs {

std::span<std::byte> DnsFraming::next() {
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

}  // namespace brownout::codecs
