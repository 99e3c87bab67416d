// Fuzzes recorded traces in mahimahi's format: the trace loads, and its opportunities are found by
// their times, or the error can be printed.
#include <cstdint>
#include <string_view>

#include "rules/base/utf8.h"
#include "rules/chance/delivery_trace.h"
#include "tests/fuzz/require.h"

using namespace brownout;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto trace = rules::DeliveryTrace::parse(text);
  if (!trace) {
    const auto& [origin, what, hint, where] = trace.error();
    require(!what.empty() && !hint.empty() && what.size() < 500 && rules::is_utf8(what));
    require(rules::printable(what) == what);
    return 0;
  }
  require(trace->size() > 0 && trace->size() <= rules::DeliveryTrace::kMost);
  const auto half = std::chrono::microseconds(500);
  for (std::uint64_t i = 0; i < 2 * trace->size() && i < 1000; ++i) {
    require(trace->at(i) <= trace->at(i + 1));
    const auto first = trace->first_from(trace->at(i));
    require(first <= i && trace->at(first) == trace->at(i));
    require(trace->at(trace->first_from(trace->at(i) + half)) > trace->at(i));
  }
  return 0;
}
