#include "proxy/engine/engine.h"

#include <spdlog/spdlog.h>
#include <sys/random.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "proxy/net/password_file.h"

namespace brownout::proxy {
namespace {

constexpr Duration kBindRetry = std::chrono::seconds(1);

// Short enough to be typed from a log into a rule file.
std::uint64_t draw_seed() {
  std::uint32_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) seed = 1;
  return seed;
}

Error in_context(const std::string& what, Error error) {
  error.what = what + ": " + error.what;
  return error;
}

}  // namespace

Engine::Engine(Loop& control, const EngineOptions& options)
    : control_(control), options_(options), events_(options.events, control) {
  if (!options_.interception) options_.interception = std::make_shared<Interception>();
  for (unsigned i = 0; i < std::max(1U, options.workers); ++i) {
    workers_.push_back(std::make_unique<Worker>(options_, i));
  }
}

Engine::~Engine() { stop(); }

Result<std::unique_ptr<Engine>> Engine::start(Loop& control, const rules::Config& config,
                                              const EngineOptions& options, Sockets inherited) {
  auto engine = std::unique_ptr<Engine>(new Engine(control, options));
  engine->inherited_ = std::move(inherited);
  auto sockets = engine->bind_new(config);
  if (!sockets) return tl::unexpected(sockets.error());
  auto snapshot = engine->make_snapshot(config);
  if (!snapshot) return tl::unexpected(snapshot.error());
  engine->snapshot_ = std::move(*snapshot);
  engine->rules_ = engine->snapshot_->rules;
  std::vector<Worker*> team;
  for (const auto& worker : engine->workers_) team.push_back(worker.get());
  for (const auto& worker : engine->workers_) {
    worker->set_team(team);
    worker->start(engine->snapshot_);
  }
  engine->publish(engine->snapshot_, std::move(*sockets));
  return engine;
}

Result<void> Engine::reload(const rules::Config& config) {
  auto sockets = bind_new(config);
  if (!sockets) return tl::unexpected(sockets.error());
  auto snapshot = make_snapshot(config);
  if (!snapshot) return tl::unexpected(snapshot.error());
  load(std::move(*snapshot), std::move(*sockets));
  return {};
}

Result<void> Engine::replace(const std::vector<std::string>& listeners, const rules::Config& part) {
  auto sockets = bind_new(part);
  if (!sockets) return tl::unexpected(sockets.error());
  auto snapshot = std::make_shared<Snapshot>(*snapshot_);
  snapshot->changed = listeners;
  for (const auto& name : listeners) {
    snapshot->listeners.erase(name);
    snapshot->upstreams.erase(name);
  }
  if (auto added = add_to(*snapshot, part); !added) return added;
  snapshot->rules = rules::RuleSet::with_replaced(*rules_, listeners, part.rules, Loop::now());
  load(std::move(snapshot), std::move(*sockets));
  return {};
}

void Engine::load(std::shared_ptr<Snapshot> snapshot, Sockets sockets) {
  rules_ = snapshot->rules;
  snapshot->rules = in_force();
  publish(std::move(snapshot), std::move(sockets));
}

// Only listeners that are new or listen elsewhere: the others keep their sockets and the
// connections that wait.
Result<Engine::Sockets> Engine::bind_new(const rules::Config& config) const {
  Sockets sockets;
  for (const auto& listener : config.listeners) {
    if (!listener.enabled) continue;
    if (snapshot_) {
      const auto* old = snapshot_->listeners.find(listener.name);
      if (old != nullptr && (*old)->config.listen == listener.listen &&
          (*old)->config.protocol == listener.protocol &&
          takes_datagrams((*old)->config) == takes_datagrams(listener))
        continue;
    }
    auto bound = sockets_of(listener, listener.listen, ours_at(listener.listen));
    if (!bound) return tl::unexpected(in_context("listener " + listener.name, bound.error()));
    sockets[listener.name] = std::move(*bound);
  }
  return sockets;
}

Result<std::vector<PortSockets>> Engine::sockets_of(const rules::Listener& listener,
                                                    const Endpoint& where, OursAlready ours) const {
  const auto inherited = inherited_.find(listener.name);
  if (inherited == inherited_.end()) {
    auto bound = proxy::open_port(listener, where, workers_.size(), ours);
    if (!bound || listener.intercept != rules::Intercept::kTproxy) return bound;
    for (const auto& one : *bound) {
      if (make_transparent(one.stream)) continue;
      auto error = system_error(Origin::kConfig, "intercept = \"tproxy\"", errno);
      error.hint = "it needs the capability CAP_NET_ADMIN (systemd: AmbientCapabilities=)";
      return tl::unexpected(std::move(error));
    }
    return bound;
  }
  return reopen(inherited->second, static_cast<int>(listener.backlog));
}

// A listener that changes its name or its protocol, and keeps its address.
OursAlready Engine::ours_at(const Endpoint& address) const {
  OursAlready ours;
  if (!snapshot_ || address.port == 0) return ours;
  snapshot_->listeners.for_each([&](const auto& name, const auto& view) {
    const auto port = ports_.find(name);
    if (port == ports_.end() || !port->second.open || view->config.listen != address) return;
    ours.streams |= takes_connections(view->config);
    ours.datagrams |= takes_datagrams(view->config);
  });
  return ours;
}

Result<std::shared_ptr<Snapshot>> Engine::make_snapshot(const rules::Config& config) const {
  auto snapshot = std::make_shared<Snapshot>();
  options_.interception->want_names(
      std::any_of(config.listeners.begin(), config.listeners.end(),
                  [](const auto& listener) { return listener.knows_destination(); }));
  const auto* previous = rules_.get();
  const auto fallback = previous != nullptr ? previous->seed() : draw_seed();
  snapshot->rules =
      rules::RuleSet::activate(config.rules, config.seed.value_or(fallback), Loop::now(), previous);
  if (auto added = add_to(*snapshot, config); !added) return tl::unexpected(added.error());
  return snapshot;
}

Result<void> Engine::add_to(Snapshot& snapshot, const rules::Config& config) const {
  for (const auto& listener : config.listeners) {
    if (!listener.enabled) continue;
    auto view = std::make_shared<ListenerView>();
    view->config = listener;
    for (const auto& zone : config.zones) {
      if (zone.name == listener.zone) view->zone = std::make_shared<rules::DnsZone>(zone.records);
    }
    if (listener.tls) {
      auto made = tls::ServerContexts::make(*listener.tls, rules::has_requests(listener.protocol));
      if (!made) return tl::unexpected(in_context("listener " + listener.name, made.error()));
      view->tls = std::move(*made);
    }
    if (!listener.password_file.empty()) {
      auto password = read_password(listener.password_file);
      if (!password)
        return tl::unexpected(in_context("listener " + listener.name, password.error()));
      view->password = std::move(*password);
    }
    view->stats = std::make_shared<ListenerStats>(workers_.size());
    if (snapshot_) {
      const auto* old = snapshot_->listeners.find(listener.name);
      if (old != nullptr) view->stats = (*old)->stats;
    }
    snapshot.listeners.set(listener.name, std::move(view));
  }
  for (const auto& upstream : config.upstreams) {
    auto view = std::make_shared<UpstreamView>();
    view->config = upstream;
    if (upstream.tls) {
      auto made = tls::ClientContext::make(*upstream.tls);
      if (!made) return tl::unexpected(in_context("upstream " + upstream.name, made.error()));
      view->tls = std::move(*made);
    }
    snapshot.upstreams.set(upstream.name, std::move(view));
  }
  return {};
}

std::shared_ptr<const rules::RuleSet> Engine::in_force() const {
  return halted_ ? rules::RuleSet::activate({}, rules_->seed(), Loop::now()) : rules_;
}

void Engine::put_in_force(std::shared_ptr<const rules::RuleSet> rules) {
  auto changed = std::make_shared<Snapshot>(*snapshot_);
  changed->changed = std::vector<std::string>{};
  changed->rules = std::move(rules);
  publish(std::move(changed), {});
}

void Engine::halt() {
  if (std::exchange(halted_, true)) return;
  spdlog::warn("halted: all faults are off");
  put_in_force(in_force());
}

void Engine::resume() {
  if (!std::exchange(halted_, false)) return;
  spdlog::warn("resumed: faults are on again");
  put_in_force(rules_->afresh());
}

void Engine::publish(std::shared_ptr<const Snapshot> snapshot, Sockets sockets) {
  snapshot_ = std::move(snapshot);
  for (const auto& worker : workers_) worker->apply(snapshot_);
  std::vector<std::string> gone;
  for (const auto& [name, port] : ports_) {
    if (!snapshot_->listeners.contains(name)) gone.push_back(name);
  }
  for (const auto& name : gone) {
    close_port(name);
    ports_.erase(name);
  }
  for (auto& [name, fds] : sockets) {
    close_port(name);
    ports_[name].bound =
        bound_to(fds.front().any(), (*snapshot_->listeners.find(name))->config.listen);
    open_port(name, std::move(fds));
  }
  follow_down_rules();
}

void Engine::open_port(const std::string& name, std::vector<PortSockets> sockets) {
  ports_[name].open = true;
  for (std::size_t i = 0; i < sockets.size(); ++i) workers_[i]->open(name, std::move(sockets[i]));
}

void Engine::close_port(const std::string& name) {
  const auto port = ports_.find(name);
  if (port == ports_.end() || !port->second.open) return;
  port->second.open = false;
  for (const auto& worker : workers_) worker->close(name);
  // Theirs are copies of these.
  if (const auto ours = inherited_.find(name); ours != inherited_.end())
    stop_listening(ours->second);
}

// Opens and closes ports as `down` rules say, and comes back when that next changes.
void Engine::follow_down_rules() {
  if (!accepting_) return;
  const auto now = Loop::now();
  Instant next = kNever;
  for (auto& [name, port] : ports_) {
    const bool down = snapshot_->rules->down(name, now);
    if (down && port.open) {
      close_port(name);
      report_down(name);
      if (snapshot_->rules->down_cuts_live(name, now)) {
        for (const auto& worker : workers_) worker->cut(name);
      }
    } else if (!down && !port.open) {
      const auto& listener = (*snapshot_->listeners.find(name))->config;
      auto bound = sockets_of(listener, port.bound);
      if (bound) {
        spdlog::info("listener {}: up again on {}", name, to_text(port.bound));
        open_port(name, std::move(*bound));
      } else {
        spdlog::error("listener {}: {}; trying again", name, bound.error().what);
        next = std::min(next, rules::later(now, kBindRetry));
      }
    }
    next = std::min(next, snapshot_->rules->next_down_change(name, now));
  }
  control_.deadlines().set(*this, next);
}

void Engine::cut(const std::string& listener) {
  for (const auto& worker : workers_) worker->cut(listener);
}

void Engine::report_down(const std::string& name) {
  spdlog::info("listener {}: down, as a rule says", name);
  const rules::FlowFacts none{
      .listener = name, .ordinal = 0, .client = {}, .destination = {}, .opened = {}};
  snapshot_->rules->for_each_down(name, [&](const rules::Rule& rule) {
    if (!rule.schedule.window(rule.began).contains(Loop::now())) return;
    rule.state->matched.fetch_add(1, std::memory_order_relaxed);
    rule.state->sampled.fetch_add(1, std::memory_order_relaxed);
    rule.state->injected.fetch_add(1, std::memory_order_relaxed);
    events_.add(none, rule, "", {.action = "down"});
  });
}

void Engine::on_due(Instant) noexcept { follow_down_rules(); }

void Engine::stop_accepting() {
  accepting_ = false;
  control_.deadlines().cancel(*this);
  for (const auto& [name, port] : ports_) close_port(name);
}

void Engine::stop() {
  for (const auto& worker : workers_) worker->stop();
  events_.flush();
  for (const auto& [name, port] : ports_) {
    if (port.bound.is_unix()) ::unlink(port.bound.path.c_str());
  }
  ports_.clear();
}

std::vector<Engine::ListenerStatus> Engine::listeners() const {
  std::vector<ListenerStatus> list;
  for (const auto& [name, port] : ports_) {
    list.push_back({name, port.bound, port.open, *snapshot_->listeners.find(name)});
  }
  return list;
}

Endpoint Engine::bound(const std::string& listener) const {
  const auto port = ports_.find(listener);
  return port == ports_.end() ? Endpoint{} : port->second.bound;
}

void Engine::wait_for_workers() const {
  for (const auto& worker : workers_) worker->wait();
}

std::vector<FlowStatus> Engine::flows() const {
  std::vector<std::future<std::vector<FlowStatus>>> parts;
  for (const auto& worker : workers_) parts.push_back(worker->list());
  std::vector<FlowStatus> all;
  for (auto& part : parts) {
    auto some = part.get();
    all.insert(all.end(), std::make_move_iterator(some.begin()),
               std::make_move_iterator(some.end()));
  }
  return all;
}

bool Engine::cut(const std::string& listener, std::uint64_t ordinal) const {
  bool found = false;
  for (const auto& worker : workers_) found |= worker->cut(listener, ordinal).get();
  return found;
}

std::int64_t Engine::open_flows() const {
  std::int64_t total = 0;
  for (const auto& worker : workers_) total += worker->open_flows();
  return total;
}

std::vector<std::int64_t> Engine::open_flows_by_worker() const {
  std::vector<std::int64_t> loads;
  for (const auto& worker : workers_) loads.push_back(worker->open_flows());
  return loads;
}

std::uint64_t Engine::bytes(rules::Direction direction) const {
  std::uint64_t total = 0;
  for (const auto& worker : workers_) total += worker->bytes(direction);
  return total;
}

}  // namespace brownout::proxy
