#include "rules/message/trace.h"

#include <string>

namespace brownout::rules {
namespace {

// Maximum length in bytes. A traceparent of version 00 has 55 bytes, but later versions may append
// fields.
constexpr std::size_t kLongestTrace = 128;

}  // namespace

void tell_trace(const FindHeader& find, const Tell& tell) {
  const auto part = [&](std::string_view name) {
    const auto value = find(name).value_or("");
    return value.size() <= kLongestTrace ? value : std::string_view{};
  };
  if (const auto parent = part("traceparent"); !parent.empty()) tell("traceparent", parent);
  if (const auto b3 = part("b3"); !b3.empty()) return tell("b3", b3);
  const auto trace = part("x-b3-traceid");
  const auto span = part("x-b3-spanid");
  if (trace.empty() || span.empty()) return;
  const auto sampled = part("x-b3-sampled");
  auto joined = std::string(trace) + "-" + std::string(span);
  if (!sampled.empty()) joined += "-" + std::string(sampled);
  tell("b3", joined);
}

}  // namespace brownout::rules
