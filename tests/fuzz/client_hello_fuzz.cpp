// Fuzzes the parsing of TLS with any bytes. A ClientHello is never accepted before it is complete,
// and more bytes after it do not change the result. A filter of records changes at most one bit,
// and never the length.
#include <bit>
#include <cstdint>
#include <string>

#include "rules/protocols/tls/codec/client_hello.h"
#include "rules/protocols/tls/codec/record_filter.h"
#include "tests/fuzz/require.h"

using namespace brownout;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const codecs::ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto reading = codecs::read_client_hello(bytes);
  std::string more(reinterpret_cast<const char*>(data), size);
  more += "more";
  const auto longer = codecs::read_client_hello(std::as_bytes(std::span(more)));
  if (reading.state == codecs::HelloState::kHello) {
    require(longer.state == codecs::HelloState::kHello && longer.hello.ja3 == reading.hello.ja3);
    require(reading.hello.ja3.size() == 32);
  }
  if (reading.state == codecs::HelloState::kNotTls) {
    require(longer.state == codecs::HelloState::kNotTls);
  }
  rules::TlsVerdict verdict;
  verdict.corrupt_behind = rules::Bytes{size > 0 ? data[0] : 0};
  if (size > 1 && (data[1] & 1) != 0) verdict.stop = rules::HandshakeStop::kServerHello;
  codecs::RecordFilter whole(verdict);
  codecs::RecordFilter cut(verdict);
  std::string at_once(reinterpret_cast<const char*>(data), size);
  std::string in_parts = at_once;
  const auto passed = whole.apply(std::as_writable_bytes(std::span(at_once)));
  std::size_t passed_cut = 0;
  for (std::size_t at = 0; at < size; at += 3) {
    passed_cut += cut.apply(std::as_writable_bytes(
        std::span(in_parts).subspan(at, std::min<std::size_t>(3, size - at))));
  }
  require(passed == passed_cut && at_once == in_parts);
  int flipped = 0;
  for (std::size_t i = 0; i < size; ++i) {
    flipped +=
        std::popcount(static_cast<unsigned>(static_cast<std::uint8_t>(at_once[i]) ^ data[i]));
  }
  require(flipped <= 1);
  return 0;
}
