#include "rules/protocols/tls/codec/record_filter.h"

#include <algorithm>

namespace brownout::codecs {
namespace {

constexpr std::byte kHandshake{22};
constexpr std::byte kApplicationData{23};

}  // namespace

RecordFilter::RecordFilter(const rules::TlsVerdict& verdict)
    : stop_behind_hello_(verdict.stop == rules::HandshakeStop::kServerHello),
      corrupts_(verdict.corrupt_behind.has_value()) {
  if (corrupts_) corrupt_behind_ = static_cast<std::uint64_t>(verdict.corrupt_behind->count);
}

std::size_t RecordFilter::apply(std::span<std::byte> bytes) {
  std::size_t at = 0;
  while (at < bytes.size() && !stopped_) {
    if (left_ == 0) {
      header_[header_got_++] = bytes[at++];
      if (header_got_ < header_.size()) continue;
      header_got_ = 0;
      left_ = static_cast<std::size_t>(header_[3]) << 8 | static_cast<std::size_t>(header_[4]);
      begins_ = true;
      continue;
    }
    const auto part = std::min(left_, bytes.size() - at);
    if (header_[0] == kApplicationData) {
      if (begins_ && corrupts_ && encrypted_ >= corrupt_behind_) {
        bytes[at] ^= std::byte{1};
        corrupts_ = false;
      }
      encrypted_ += part;
    }
    begins_ = false;
    left_ -= part;
    at += part;
    if (left_ == 0 && header_[0] == kHandshake && stop_behind_hello_) stopped_ = true;
  }
  return at;
}

}  // namespace brownout::codecs
