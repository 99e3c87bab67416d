#include "rules/rehearsal/client_policy.h"

#include <algorithm>

namespace brownout::rules {

std::size_t ClientPolicy::begin(Duration now) {
  const bool back = home_ != 0 && probe_.failback && now - left_first_ >= *probe_.failback;
  endpoint_ = back ? 0 : home_;
  // Restart the failback interval. If this attempt at the first endpoint fails, the next failback
  // happens after a full interval.
  if (back) left_first_ = now;
  visited_ = 1;
  tries_ = 1;
  failures_ = 0;
  return endpoint_;
}

std::optional<ClientPolicy::Next> ClientPolicy::failed() {
  ++failures_;
  if (tries_ < probe_.attempts) {
    ++tries_;
  } else {
    if (visited_ == endpoints()) {
      home_ = 0;
      return std::nullopt;
    }
    ++visited_;
    tries_ = 1;
    endpoint_ = (endpoint_ + 1) % endpoints();
  }
  return Next{endpoint_, backoff()};
}

void ClientPolicy::succeeded(Duration now) {
  if (home_ == 0 && endpoint_ != 0) left_first_ = now;
  home_ = endpoint_;
}

Duration ClientPolicy::backoff() {
  if (probe_.backoff <= Duration::zero()) return {};
  auto wait = probe_.backoff;
  for (std::int64_t i = 1; i < failures_ && wait < probe_.backoff_most; ++i) wait = times(wait, 2);
  wait = std::min(wait, probe_.backoff_most);
  const double spread = (2 * dice_.unit(drawn_++) - 1) * probe_.jitter.share();
  return stretched(wait, 1 + spread);
}

}  // namespace brownout::rules
