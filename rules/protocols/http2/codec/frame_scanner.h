// FrameScanner finds the frame headers in a stream of received bytes (RFC 9113, 4.1), so that
// frames can be counted before nghttp2 processes them. nghttp2 reports only some of the frames that
// it ignores. The scanner does not look at payloads. No I/O; one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "rules/protocols/codec/bytes.h"

namespace brownout::http2 {

// The header of a frame. `length` is the size of the payload in bytes. `stream` is 0 for the
// connection.
struct FrameHead {
  std::uint32_t length = 0;
  std::uint8_t type = 0;
  std::uint8_t flags = 0;
  std::int32_t stream = 0;
};

class FrameScanner {
 public:
  static constexpr std::size_t kHeadSize = 9;
  static constexpr std::size_t kPrefaceSize = 24;  // RFC 9113, 3.4

  struct Step {
    std::size_t size = 0;           // number of bytes to pass on, at least 1
    std::optional<FrameHead> head;  // set if a frame header ends in these bytes
  };

  // `preface` tells whether the stream begins with the preface of a client.
  explicit FrameScanner(bool preface) : skip_(preface ? kPrefaceSize : 0) {}

  // Takes bytes up to the end of a frame, or all if none ends. `bytes` is not empty.
  Step next(codecs::ByteView bytes) {
    Step step;
    if (skip_ == 0) {
      step.size = std::min(kHeadSize - known_, bytes.size());
      std::copy_n(bytes.begin(), step.size, head_.begin() + static_cast<std::ptrdiff_t>(known_));
      known_ += step.size;
      if (known_ < kHeadSize) return step;
      known_ = 0;
      step.head = parsed();
      skip_ = step.head->length;
    }
    const auto payload = std::min(skip_, bytes.size() - step.size);
    skip_ -= payload;
    step.size += payload;
    return step;
  }

 private:
  FrameHead parsed() const {
    const auto at = [&](std::size_t i) { return std::uint32_t{codecs::octet(head_, i)}; };
    const auto stream = (at(5) << 24 | at(6) << 16 | at(7) << 8 | at(8)) & 0x7fffffffU;
    return {at(0) << 16 | at(1) << 8 | at(2), codecs::octet(head_, 3), codecs::octet(head_, 4),
            static_cast<std::int32_t>(stream)};
  }

  std::array<std::byte, kHeadSize> head_{};
  std::size_t known_ = 0;  // number of bytes of the header that have arrived
  std::size_t skip_;       // number of bytes of the payload or preface that have not arrived
};

}  // namespace brownout::http2
