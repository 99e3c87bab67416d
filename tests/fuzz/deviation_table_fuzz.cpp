// Fuzzes tables of deviations in netem's format: the table loads, and all its deviations are within
// netem's range, or the error can be printed.
#include <cstdint>
#include <string_view>

#include "rules/base/utf8.h"
#include "rules/chance/deviation_table.h"
#include "tests/fuzz/require.h"

using namespace brownout;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto table = rules::DeviationTable::parse(text);
  if (!table) {
    const auto& [origin, what, hint, where] = table.error();
    require(!what.empty() && !hint.empty() && what.size() < 500 && rules::is_utf8(what));
    require(rules::printable(what) == what);
    return 0;
  }
  require(table->size() > 0 && table->size() <= rules::DeviationTable::kMost);
  for (const double u : {0.0, 0.25, 0.5, 0.999, 1.0}) {
    require(table->at(u) >= -4 && table->at(u) < 4);
  }
  return 0;
}
