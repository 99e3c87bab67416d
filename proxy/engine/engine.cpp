#include "proxy/engine/engine.h"

#include <spdlog/spdlog.h>
#include <sys/random.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "proxy/flow/decryption.h"
#include "proxy/net/password_file.h"
#include "rules/base/describe.h"
#include "rules/base/terminal_text.h"

namespace brownout::proxy {
namespace {

// Returns a random seed of 32 bits, short enough to be typed from a log into a rule file.
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
  auto& names = options_.interception->names();
  if (!options_.packet_filter) options_.packet_filter = std::make_shared<OwnPacketFilter>();
  syn_gate_ = std::make_unique<SynGate>(names, options_.packet_filter);
  names.on_new_name([this] { syn_gate_->names_changed(); });
  for (unsigned i = 0; i < std::max(1U, options.workers); ++i) {
    workers_.push_back(std::make_unique<Worker>(options_, i));
  }
}

Engine::~Engine() {
  stop();
  options_.interception->names().on_new_name({});
}

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
  engine->remember_names();
  return engine;
}

Result<void> Engine::reload(const rules::Config& config) {
  auto sockets = bind_new(config);
  if (!sockets) return tl::unexpected(sockets.error());
  auto snapshot = make_snapshot(config);
  if (!snapshot) return tl::unexpected(snapshot.error());
  load(std::move(*snapshot), std::move(*sockets));
  remember_names();
  return {};
}

void Engine::remember_names() const {
  bool wanted = false;
  snapshot_->listeners.for_each(
      [&](const auto&, const auto& view) { wanted |= view->config.knows_destination(); });
  options_.interception->want_names(wanted);
}

Result<void> Engine::replace(const std::vector<std::string>& listeners, const rules::Config& part) {
  auto sockets = bind_new(part, &listeners);
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
  if (rules_) history_.replaced(*rules_, *snapshot->rules);
  rules_ = snapshot->rules;
  snapshot->rules = in_force();
  publish(std::move(snapshot), std::move(sockets));
}

// Opens sockets only for listeners that are new or have a new address. The others keep their
// sockets, and with them the connections that wait to be accepted.
Result<Engine::Sockets> Engine::bind_new(const rules::Config& config,
                                         const std::vector<std::string>* replaced) const {
  Sockets sockets;
  std::optional<ComingListeners> all;
  for (const auto& listener : config.listeners) {
    if (!listener.enabled) continue;
    if (snapshot_) {
      const auto* old = snapshot_->listeners.find(listener.name);
      if (old != nullptr && keeps_sockets((*old)->config, listener)) continue;
    }
    if (!all) all = all_of(config, replaced != nullptr ? staying(*replaced) : ComingListeners());
    auto sharing = sharing_of(listener, listener.listen, *all);
    // If one rule file has a listener on "[::]" and another on IPv4 with the same port, the first
    // leaves IPv4 to the second. A "[::]" listener that is added later must serve IPv4 too, and
    // fails if IPv4 is in use.
    if (replaced != nullptr) sharing.v6_only = false;
    auto bound = sockets_of(listener, listener.listen, sharing);
    if (!bound) return tl::unexpected(in_context("listener " + listener.name, bound.error()));
    sockets[listener.name] = std::move(*bound);
  }
  return sockets;
}

Result<std::vector<PortSockets>> Engine::sockets_of(const rules::Listener& listener,
                                                    const Endpoint& where,
                                                    PortSharing sharing) const {
  const auto inherited = inherited_.find(listener.name);
  if (inherited == inherited_.end()) {
    auto bound = proxy::open_port(listener, where, workers_.size(), sharing);
    if (!bound || listener.intercept != rules::Intercept::kTproxy) return bound;
    for (const auto& sockets : *bound) {
      if (make_transparent(sockets.stream)) continue;
      auto error = system_error(Origin::kConfig, "intercept = \"tproxy\" is not possible", errno);
      error.hint =
          "run brownout as root, or with the capability CAP_NET_ADMIN (systemd: "
          "AmbientCapabilities=)";
      return tl::unexpected(std::move(error));
    }
    return bound;
  }
  return reopen(inherited->second, static_cast<int>(listener.backlog));
}

// Returns which sockets of this process a new bind to the address may share it with: those that are
// about to close, because their listener is removed, or changes its name or protocol. A listener
// that stays keeps its address for itself.
PortSharing Engine::sharing_of(const rules::Listener& listener, const Endpoint& where,
                               const ComingListeners& all) const {
  PortSharing sharing{.v6_only = is_for_v6_only(listener, where, all)};
  if (!snapshot_) return sharing;
  for (const auto& [name, port] : ports_) {
    if (!port.open) continue;
    const auto& old = (*snapshot_->listeners.find(name))->config;
    const auto coming = all.find(name);
    if (coming != all.end() && keeps_sockets(old, *coming->second)) continue;
    const auto& followed = old.rewrite.followed();
    sharing.our_brokers |= followed.by_port();
    sharing.our_streams |= followed.owns(where.port);
    if (!overlap(port.bound, where)) continue;
    sharing.our_streams |= takes_connections(old);
    sharing.our_datagrams |= takes_datagrams(old);
  }
  return sharing;
}

ComingListeners Engine::staying(const std::vector<std::string>& without) const {
  ComingListeners all;
  if (!snapshot_) return all;
  snapshot_->listeners.for_each(
      [&](const auto& name, const auto& view) { all[name] = &view->config; });
  for (const auto& name : without) all.erase(name);
  return all;
}

Result<std::shared_ptr<Snapshot>> Engine::make_snapshot(const rules::Config& config) const {
  auto snapshot = std::make_shared<Snapshot>();
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
    if (listener.tls && !listener.decrypts()) {
      auto made = tls::ServerContexts::make(*listener.tls, listener.protocol.has_requests()
                                                               ? tls::OfferedHttp::kAny
                                                               : tls::OfferedHttp::kNone);
      if (!made) return tl::unexpected(in_context("listener " + listener.name, made.error()));
      view->tls = std::move(*made);
    }
    if (!listener.password_file.empty()) {
      auto password = read_password(listener.password_file);
      if (!password)
        return tl::unexpected(in_context("listener " + listener.name, password.error()));
      view->password = std::move(*password);
    }
    const auto* old = snapshot_ ? snapshot_->listeners.find(listener.name) : nullptr;
    // Keeps the servers that have addresses of this listener, since clients have already got these.
    // Changed settings give them new addresses.
    if (old != nullptr && (*old)->config.rewrite == listener.rewrite) {
      view->config.rewrite = (*old)->config.rewrite;
    } else if (old != nullptr) {
      view->config.rewrite.take_over((*old)->config.rewrite);
    }
    view->stats = old != nullptr ? (*old)->stats : std::make_shared<ListenerStats>(workers_.size());
    if (listener.decrypts() && options_.decrypt) {
      auto added = add_decryption(*view, options_.authority, old != nullptr ? old->get() : nullptr);
      if (!added) return tl::unexpected(in_context("listener " + listener.name, added.error()));
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
    const auto* old = snapshot_ ? snapshot_->upstreams.find(upstream.name) : nullptr;
    const bool same = old != nullptr && (*old)->config.servers == upstream.servers;
    view->states = same ? (*old)->states : std::make_shared<ServerStates>(upstream.servers.size());
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
  const auto before = std::exchange(snapshot_, std::move(snapshot));
  for (const auto& worker : workers_) worker->apply(snapshot_);
  std::vector<std::string> gone;
  for (const auto& [name, port] : ports_) {
    if (!snapshot_->listeners.contains(name)) gone.push_back(name);
  }
  for (const auto& name : gone) {
    past_turns_ += (*before->listeners.find(name))->stats->turns.load();
    close_port(name);
    ports_.erase(name);
  }
  for (auto& [name, fds] : sockets) {
    close_port(name);
    ports_[name].bound =
        bound_to(fds.front().any(), (*snapshot_->listeners.find(name))->config.listen);
    open_port(name, std::move(fds));
  }
  follow_port_rules();
}

void Engine::cut(const std::string& listener) {
  for (const auto& worker : workers_) worker->cut(listener);
}

void Engine::stop_accepting() {
  follow_syn_rules(Loop::now());  // counts the last dropped SYNs
  accepting_ = false;
  control_.deadlines().cancel(*this);
  for (auto& [name, port] : ports_) {
    close_port(name);
    // Removes the unix socket's file at once, before another process binds the same name.
    port.file.remove();
  }
  for (const auto& worker : workers_) worker->drain();
}

void Engine::stop() {
  if (snapshot_) follow_syn_rules(Loop::now());  // counts the last dropped SYNs
  for (const auto& worker : workers_) worker->stop();
  events_.flush();
  ports_.clear();
}

void Engine::wait_for_workers() const {
  for (const auto& worker : workers_) worker->wait();
}

bool Engine::cut(const std::string& listener, std::uint64_t ordinal) const {
  bool found = false;
  for (const auto& worker : workers_) found |= worker->cut(listener, ordinal).get();
  return found;
}

}  // namespace brownout::proxy
