// Fuzzes WebSocket frames with any bytes. Message boundaries must not depend on how the stream is
// cut. A message must be the same after it is framed and read again.
#include <algorithm>
#include <cstdint>
#include <string>

#include "rules/protocols/websocket/codec/websocket.h"
#include "tests/fuzz/require.h"

using namespace brownout;
using codecs::ByteView;

namespace {

std::string boundaries(ByteView bytes, std::size_t piece) {
  codecs::WebSocketParser parser;
  std::string text;
  std::string payload;
  std::size_t done = 0;
  for (std::size_t at = 0; at < bytes.size();) {
    auto part = bytes.subspan(at, std::min(piece, bytes.size() - at));
    at += part.size();
    while (!part.empty()) {
      const auto step = parser.next(part);
      if (step.broken) return text + "broken";
      require(step.taken > 0 && step.taken <= part.size());
      done += step.taken;
      part = part.subspan(step.taken);
      payload.append(reinterpret_cast<const char*>(parser.payload().data()),
                     parser.payload().size());
      if (!step.frame_ended) continue;
      text += std::to_string(done) + ":" + payload + (step.message_ended ? "." : ",");
      payload.clear();
    }
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const auto whole = boundaries(bytes, size);
  require(whole == boundaries(bytes, data[0] % 7 + 1U));
  const auto frame = codecs::write_frame(rules::Opcode::kBinary, (data[0] & 1) != 0, bytes,
                                         (data[0] & 2) != 0, 0x01020304);
  codecs::WebSocketParser parser;
  codecs::Bytes payload;
  ByteView rest = frame;
  bool ended = false;
  while (!rest.empty()) {
    const auto step = parser.next(rest);
    require(!step.broken && !ended);
    rest = rest.subspan(step.taken);
    payload.insert(payload.end(), parser.payload().begin(), parser.payload().end());
    ended = step.message_ended;
  }
  require(ended && std::equal(payload.begin(), payload.end(), bytes.begin(), bytes.end()));
  require(parser.compressed() == ((data[0] & 1) != 0));
  return 0;
}
