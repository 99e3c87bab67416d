#include "rules/match/match.h"

namespace brownout::rules {

bool Match::matches_own(const Message& seen, std::span<const std::byte> payload,
                        std::string_view* why_not) const {
  if (!message.match(seen, payload, why_not)) return false;
  if (!min_size && !max_size && text.empty()) return true;
  if (seen.protocol == nullptr) return false;
  const auto size = static_cast<std::int64_t>(seen.protocol->size(seen, payload));
  const auto no = [&](std::string_view key) {
    if (why_not != nullptr) *why_not = key;
    return false;
  };
  if (min_size && size < min_size->count) return no("min_size");
  if (max_size && size > max_size->count) return no("max_size");
  if (text.empty()) return true;
  return seen.protocol->has_text(seen, payload, text) || no("text");
}

bool Match::matches(const Message& seen, std::span<const std::byte> payload, const FlowFacts* flow,
                    std::string_view* why_not) const {
  if (seen.exchange != nullptr) return matches(*seen.exchange, why_not);
  if (!matches_own(seen, payload, why_not)) return false;
  for (const auto& [keys, inner] : except) {
    if (!inner.is_for_messages()) continue;
    const bool known = seen.protocol != nullptr && inner.protocols().has(*seen.protocol);
    const bool meant = flow == nullptr || inner.mismatch(*flow, false).empty();
    if (known && !(meant && inner.matches_own(seen, payload, nullptr))) continue;
    if (why_not != nullptr) *why_not = known ? "not" : "protocol";
    return false;
  }
  return true;
}

}  // namespace brownout::rules
