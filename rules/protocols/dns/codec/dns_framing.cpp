#include "rules/protocols/dns/codec/dns_framing.h"

namespace brownout::codecs {

std::span<std::byte> DnsFraming::next() {
  while (waiting() >= 2) {
    const auto rest = std::span(bytes_).subspan(taken_);
    const auto length =
        std::to_integer<std::size_t>(rest[0]) << 8 | std::to_integer<std::size_t>(rest[1]);
    if (rest.size() < 2 + length) break;
    taken_ += 2 + length;
    // Skip an empty message.
    if (length > 0) return rest.subspan(2, length);
  }
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  return {};
}

}  // namespace brownout::codecs
