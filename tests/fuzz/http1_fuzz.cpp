// Fuzzes the HTTP/1 parser with any bytes. Message boundaries must not depend on how the stream is
// cut. An accepted head must be read the same on its own, so that a server cannot read it
// differently.
#include <cstdint>
#include <string>

#include "rules/protocols/http1/codec/http1.h"
#include "tests/fuzz/require.h"

using namespace brownout::codecs;
using brownout::require;

namespace {

std::string boundaries(ByteView bytes, Http1Parser::Side side, std::size_t piece, bool heads) {
  Http1Parser parser(side);
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    auto part = bytes.subspan(at, std::min(piece, bytes.size() - at));
    at += part.size();
    while (true) {
      const auto step = parser.next(part);
      require(step.taken <= part.size());
      part = part.subspan(step.taken);
      if (step.what == Http1Parser::What::kBroken) return text + "broken";
      if (step.what == Http1Parser::What::kMore || step.what == Http1Parser::What::kBody) break;
      text += std::to_string(at - part.size()) + ":" + std::to_string(static_cast<int>(step.what)) +
              " ";
      if (step.what == Http1Parser::What::kHead && heads) {
        Http1Parser again(side);
        const auto alone = again.next(parser.raw_head());
        require(alone.what == Http1Parser::What::kHead);
        require(alone.taken == parser.raw_head().size());
        require(again.head().target == parser.head().target);
        require(again.head().headers.size() == parser.head().headers.size());
        require(again.framing().content_length == parser.framing().content_length);
        require(again.framing().chunked == parser.framing().chunked);
      }
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const auto side =
      (data[0] & 1) != 0 ? Http1Parser::Side::kRequests : Http1Parser::Side::kResponses;
  const auto whole = boundaries(bytes, side, size, true);
  require(whole == boundaries(bytes, side, data[0] / 2 + 1U, false));
  return 0;
}
