#include "rules/match/match.h"

namespace brownout::rules {

bool Match::matches(const Message& one, std::span<const std::byte> payload) const {
  if (one.exchange != nullptr) return matches(*one.exchange);
  if (!message.match(one)) return false;
  if (one.protocol == nullptr) return !is_for_messages();
  const auto size = static_cast<std::int64_t>(one.protocol->size(one, payload));
  if ((min_size && size < min_size->count) || (max_size && size > max_size->count)) return false;
  if (text.empty()) return true;
  const auto said = one.protocol->text(one, payload);
  return said && any_matches(text, *said);
}

}  // namespace brownout::rules
