// RecordFilter applies faults to TLS records on their way to the client: it flips a bit in a
// record, or stops the stream after the ServerHello.
//
// The filter reads only record headers (RFC 8446, 5.1), not the encrypted content. No I/O. The
// filter is cheap to copy: after a short write, a caller can restore a copy and try again.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "rules/protocols/codec/bytes.h"
#include "rules/protocols/tls/tls.h"

namespace brownout::codecs {

class RecordFilter {
 public:
  explicit RecordFilter(const rules::TlsVerdict& verdict);

  // Changes `bytes` in place and returns how many of them may be sent. If fewer than all, the
  // stream is stopped there.
  std::size_t apply(std::span<std::byte> bytes);
  bool stopped() const { return stopped_; }

 private:
  bool stop_behind_hello_;
  bool corrupts_;
  std::uint64_t corrupt_behind_ = 0;
  std::uint64_t encrypted_ = 0;  // number of bytes of application data records so far
  std::array<std::byte, 5> header_{};
  std::size_t header_got_ = 0;
  std::size_t left_ = 0;  // number of bytes left of the current record
  bool begins_ = false;   // whether the next byte is the first of a record's body
  bool stopped_ = false;
};

}  // namespace brownout::codecs
