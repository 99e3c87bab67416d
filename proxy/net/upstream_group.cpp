#include "proxy/net/upstream_group.h"

#include <algorithm>

#include "proxy/loop/limited_log.h"

namespace brownout::proxy {
namespace {

// Time-out of a connect for an intercepted client, which must not fail earlier than without the
// proxy: Linux gives up a connect after 127 s (tcp_syn_retries, tcp(7)).
constexpr auto kDialTimeout = std::chrono::seconds(127);

const std::shared_ptr<const Route>& plain_route() {
  static const std::shared_ptr<const Route> plain = std::make_shared<Route>();
  return plain;
}

}  // namespace

UpstreamGroup::UpstreamGroup(rules::Upstream config, std::uint64_t seed,
                             std::shared_ptr<const tls::ClientContext> tls,
                             std::shared_ptr<const Route> route)
    : config_(std::move(config)),
      seed_(seed),
      tls_(std::move(tls)),
      route_(route ? std::move(route) : plain_route()),
      failed_until_(config_.servers.size(), rules::Instant::min()) {
  for (const auto& server : config_.servers) literals_.push_back(SocketAddress::of(server));
}

std::shared_ptr<UpstreamGroup> UpstreamGroup::to(std::vector<rules::Endpoint> servers,
                                                 std::uint64_t seed,
                                                 std::shared_ptr<const Route> route) {
  rules::Upstream config;
  config.name = to_text(servers.front());
  config.servers = std::move(servers);
  config.connect_timeout = kDialTimeout;
  return std::make_shared<UpstreamGroup>(std::move(config), seed, nullptr, std::move(route));
}

std::shared_ptr<UpstreamGroup> UpstreamGroup::over_tls(
    const UpstreamGroup& plain, std::shared_ptr<const tls::ClientContext> tls, std::string name) {
  auto group = std::make_shared<UpstreamGroup>(plain);
  group->tls_ = std::move(tls);
  group->tls_name_ = std::move(name);
  return group;
}

std::shared_ptr<UpstreamGroup> UpstreamGroup::only(const UpstreamGroup& group,
                                                   rules::Endpoint server) {
  auto config = group.config_;
  config.servers = {std::move(server)};
  return std::make_shared<UpstreamGroup>(std::move(config), group.seed_, group.tls_, group.route_);
}

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

std::size_t UpstreamGroup::first(rules::Key flow, std::uint64_t ordinal, rules::Instant now) const {
  return config_.servers.size() == 1 ? 0 : order(flow, ordinal, now).front();
}

void UpstreamGroup::mark_failed(std::size_t index, std::string_view why, rules::Instant now) {
  if (states_) states_->set(index, ServerState::kDown);
  const bool news = failed_until_[index] == rules::Instant::min();
  failed_until_[index] = rules::later(now, config_.retry_after);
  if (!news) return;
  log_limited(spdlog::level::warn, "upstream " + config_.name + ": failed",
              "upstream {}: server {} failed: {}", config_.name, to_text(server(index)), why);
}

void UpstreamGroup::mark_working(std::size_t index) {
  if (states_) states_->set(index, ServerState::kUp);
  if (failed_until_[index] == rules::Instant::min()) return;
  failed_until_[index] = rules::Instant::min();
  log_limited(spdlog::level::info, "upstream " + config_.name + ": works again",
              "upstream {}: server {} works again", config_.name, to_text(server(index)));
}

}  // namespace brownout::proxy
