// Fuzzes PostgresTalk with any bytes from the server. The result must not depend on how the stream
// is cut, and no more may be kept or sent than the bounds allow.
#include "rules/protocols/postgres/codec/postgres_talk.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "tests/fuzz/require.h"

using namespace brownout;

namespace {

// Returns everything that PostgresTalk sends for these bytes of the server, and its error.
std::string talked(codecs::ByteView bytes, std::size_t piece) {
  codecs::PostgresTalk talk({"ann", "shop", "secret", "rOprNGfwEbeRWgbNEkqO"});
  std::string all = talk.begin();
  int queries = 0;
  while (!bytes.empty() && talk.why().empty()) {
    // Asks a query as soon as a message has completed a login or an answer.
    const auto part = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(part.size());
    all += talk.take(part);
    if (piece == 1 && talk.ready() && queries++ < 100) all += talk.ask("select 1");
    require(talk.value().value_or("").size() <= codecs::PostgresTalk::kMostMessage);
  }
  return all + talk.why();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const codecs::ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  talked(bytes, 1);
  const auto whole = talked(bytes, bytes.size() + 1);
  require(whole == talked(bytes, 2U + data[0]));
  return 0;
}
