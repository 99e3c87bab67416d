// Fuzzes messages of in-house protocols with any bytes. The first byte chooses the framing.
#include <array>
#include <cstdint>

#include "tests/fuzz/message_fuzz.h"

using namespace brownout;

namespace {

const std::string kElsewhere =
    "[[rule]]\nmatch = { text = \"none such\" }\nfault = { type = \"drop\" }";

rules::Config config_with(const std::string& framing) {
  return test::config_of(kElsewhere, "framed", "framing = { " + framing + " }");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  static const std::array kFramings{
      config_with(R"=(delimiter = "\n", kind = "^([A-Z]+)", acks = ["OK"])="),
      config_with(R"(delimiter = "aab")"),
      config_with("width = 1"),
      config_with("width = 2, endianness = \"little\", includes_header = true"),
      config_with("offset = 3, width = 4"),
      config_with("width = 8, includes_header = true")};
  const codecs::ByteView bytes(reinterpret_cast<const std::byte*>(data + 2), size - 2);
  const auto& config = kFramings[data[0] % kFramings.size()];
  auto none = config;
  none.rules.clear();
  test::passes(none, bytes, 1U + data[1]);
  test::passes(config, bytes, 1U + data[1]);
  test::differential(config, bytes);
  return 0;
}
