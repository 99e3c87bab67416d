// Fuzzes event streams with any bytes.
#include <cstdint>

#include "tests/fuzz/message_fuzz.h"

using namespace brownout;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  static const auto config = test::config_of(
      "[[rule]]\nmatch = { id = \"such an id as no input of this length has by chance\", json = { "
      "\"/none\" = \"such\" } }\n"
      "fault = { type = \"drop\" }",
      "sse");
  static const auto none = test::config_of("", "sse");
  const codecs::ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  test::passes(none, bytes, 1U + data[0]);
  test::passes(config, bytes, 1U + data[0]);
  test::differential(config, bytes, true);
  return 0;
}
