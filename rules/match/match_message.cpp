#include "rules/match/match.h"

namespace brownout::rules {

bool Match::matches(const Message& seen, std::span<const std::byte> payload,
                    std::string_view* why_not) const {
  if (seen.exchange != nullptr) return matches(*seen.exchange, why_not);
  if (!message.match(seen, why_not)) return false;
  if (seen.protocol == nullptr) return !is_for_messages();
  const auto size = static_cast<std::int64_t>(seen.protocol->size(seen, payload));
  const auto no = [&](std::string_view key) {
    if (why_not != nullptr) *why_not = key;
    return false;
  };
  if (min_size && size < min_size->count) return no("min_size");
  if (max_size && size > max_size->count) return no("max_size");
  if (text.empty()) return true;
  const auto said = seen.protocol->text(seen, payload);
  return (said && any_matches(text, *said)) || no("text");
}

}  // namespace brownout::rules
