// Fuzzes the reader of the server's name in a client's first bytes: once it has decided, more bytes
// change nothing.
#include <cstdint>

#include "rules/protocols/shown_name.h"
#include "tests/fuzz/require.h"

using namespace brownout;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const codecs::ByteView bytes(reinterpret_cast<const std::byte*>(data), size);
  const auto whole = codecs::read_shown_name(bytes);
  require(!whole.more || (whole.name.empty() && size < codecs::kMostShown));
  const auto part = codecs::read_shown_name(bytes.first(size / 2));
  if (!part.more) require(!whole.more && part.name == whole.name);
  return 0;
}
