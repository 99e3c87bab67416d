// Fuzzes `brownout init` with any text as commands of tc, for streams and for datagrams. The result
// is a rule file that loads, or an error.
#include <cstdint>

#include "proxy/draft/sources.h"
#include "tests/fuzz/draft_fuzz.h"

using namespace brownout;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  test::check_draft(draft::draft_of_netem(text, {}));
  test::check_draft(draft::draft_of_netem(text, {"", {}, "udp"}));
  return 0;
}
