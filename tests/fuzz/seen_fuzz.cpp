// Fuzzes `brownout init` with any text: as recorded flows and events, and as a file of another
// program, which is recognised by its content. The results are rule files that load, or errors.
#include <cstdint>

#include "proxy/draft/seen.h"
#include "proxy/draft/sources.h"
#include "tests/fuzz/draft_fuzz.h"

using namespace brownout;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto seen = draft::read_seen(text)) {
    test::check_draft(draft::draft_of_flows(*seen));
    test::check_draft(draft::draft_of_command(*seen, "npm test"));
  }
  if (const auto source = draft::source_of(text)) {
    test::check_draft(draft::draft_of(*source, text, {}));
  }
  return 0;
}
