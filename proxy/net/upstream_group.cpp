#include "proxy/net/upstream_group.h"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace brownout::proxy {

UpstreamGroup::UpstreamGroup(rules::Upstream config, std::uint64_t seed,
                             std::shared_ptr<const tls::ClientContext> tls)
    : config_(std::move(config)),
      seed_(seed),
      tls_(std::move(tls)),
      failed_until_(config_.servers.size(), rules::Instant::min()) {}

std::vector<std::size_t> UpstreamGroup::order(rules::Key flow, std::uint64_t ordinal,
                                              rules::Instant now) const {
  const auto count = config_.servers.size();
  std::size_t first = 0;
  if (config_.policy == rules::Policy::kRoundRobin) first = (ordinal - 1) % count;
  if (config_.policy == rules::Policy::kRandom) {
    const rules::Dice dice(seed_, rules::key_of("upstream " + config_.name), flow);
    first = static_cast<std::size_t>(dice.between(0, 0, static_cast<std::int64_t>(count) - 1));
  }
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = (first + i) % count;
  std::stable_partition(order.begin(), order.end(),
                        [&](std::size_t i) { return failed_until_[i] <= now; });
  return order;
}

void UpstreamGroup::mark_failed(std::size_t index, std::string_view why, rules::Instant now) {
  const bool news = failed_until_[index] == rules::Instant::min();
  failed_until_[index] = rules::later(now, config_.retry_after);
  if (news) spdlog::warn("upstream {}: {} failed: {}", config_.name, to_text(server(index)), why);
}

void UpstreamGroup::mark_working(std::size_t index) {
  if (failed_until_[index] == rules::Instant::min()) return;
  failed_until_[index] = rules::Instant::min();
  spdlog::info("upstream {}: {} works again", config_.name, to_text(server(index)));
}

}  // namespace brownout::proxy
