// Fuzzes the import of nftables rulesets with any bytes. The result is a firewall that can be
// written, or an error.
#include "tests/fuzz/import_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  brownout::test::check_import(text, brownout::codecs::read_nftables(text));
  return 0;
}
