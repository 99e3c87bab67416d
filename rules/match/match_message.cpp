#include "rules/match/match.h"

namespace brownout::rules {

bool Match::matches(const Message& seen, std::span<const std::byte> payload) const {
  if (seen.exchange != nullptr) return matches(*seen.exchange);
  if (!message.match(seen)) return false;
  if (seen.protocol == nullptr) return !is_for_messages();
  const auto size = static_cast<std::int64_t>(seen.protocol->size(seen, payload));
  if ((min_size && size < min_size->count) || (max_size && size > max_size->count)) return false;
  if (text.empty()) return true;
  const auto said = seen.protocol->text(seen, payload);
  return said && any_matches(text, *said);
}

}  // namespace brownout::rules
