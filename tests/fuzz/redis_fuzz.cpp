// Fuzzes Redis connections with any bytes. The input alternates between bytes of the client and of
// the server; each byte 0xff switches sides.
#include <cstdint>

#include "tests/fuzz/both_ways.h"
#include "tests/fuzz/message_fuzz.h"

using namespace brownout;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  static const auto config = test::config_of(
      "[[rule]]\nmatch = { key = \"none.such\" }\nfault = { type = \"drop\" }", "redis");
  static const auto none = test::config_of("", "redis");
  static const auto acting = test::config_of(
      "[[rule]]\nmatch = { command = [\"set\", \"exec\"] }\nfault = { type = \"reject\" }\n"
      "[[rule]]\nmatch = { command = \"incr\" }\n"
      "fault = { type = \"duplicate\", share = \"100%\" }\n"
      "[[rule]]\nmatch = { command = \"get\", direction = \"downstream\" }\n"
      "fault = { type = \"drop\" }\n"
      "[[rule]]\nfault = { type = \"replace\", text = \"other\" }",
      "redis");
  const codecs::ByteView bytes(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const auto piece = 1U + data[0];
  test::passes(none, bytes, piece);
  test::passes(config, bytes, piece);
  test::differential(config, bytes);
  test::both_ways(none, codecs::text_of(bytes), "\xff", piece, true);
  test::both_ways(config, codecs::text_of(bytes), "\xff", piece, true);
  test::both_ways(acting, codecs::text_of(bytes), "\xff", piece, false);
  return 0;
}
