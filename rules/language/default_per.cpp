#include "rules/language/default_per.h"

#include <algorithm>

namespace brownout::rules {

Per default_per(const FaultKind& kind, const Match& match, const std::vector<Listener>& listeners) {
  if (kind.level == Level::kMessage) {
    return kind.carries(Carrier::kHttp) ? Per::kRequest : Per::kQuery;
  }
  if (kind.level != Level::kBytes || !kind.carries(Carrier::kMessage)) return Per::kConnection;
  const auto others = kind.carriers.without(kAnyMessages);
  const bool selects_messages =
      match.is_for_messages() || match.is_for_http() || match.is_for_dns();
  if (others.empty() || selects_messages) return Per::kMessage;
  const bool only_messages =
      std::none_of(listeners.begin(), listeners.end(), [&](const Listener& listener) {
        return match.selects_listener(listener.name) && !(carriers_of(listener) & others).empty();
      });
  return only_messages && !listeners.empty() ? Per::kMessage : Per::kConnection;
}

}  // namespace brownout::rules
