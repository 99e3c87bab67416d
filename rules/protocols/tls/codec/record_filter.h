// What faults do to the TLS records that go to a client, on their way to the socket: flip a bit in
// one, or let none pass behind the ServerHello. Encrypted bytes are not understood, only where a
// record begins and of what type it is (RFC 8446, 5.1). No I/O; a small value, so that what a
// socket did not take can be tried again.
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

  // Changes `bytes` in place; how many of them pass. Less than all: nothing more will.
  std::size_t apply(std::span<std::byte> bytes);
  bool stopped() const { return stopped_; }

 private:
  bool stop_behind_hello_;
  bool corrupts_;
  std::uint64_t corrupt_behind_ = 0;
  std::uint64_t encrypted_ = 0;  // bytes of application data records so far
  std::array<std::byte, 5> header_{};
  std::size_t header_got_ = 0;
  std::size_t left_ = 0;  // of the record
  bool begins_ = false;   // nothing of its body has come yet
  bool stopped_ = false;
};

}  // namespace brownout::codecs
