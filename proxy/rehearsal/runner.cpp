#include "proxy/rehearsal/runner.h"

#include <algorithm>
#include <csignal>

#include "proxy/net/password_file.h"

namespace brownout::rehearsal {
namespace {

// stop_if must act within a second.
constexpr Duration kTick = std::chrono::milliseconds(50);

// However long a rehearsal is, what passed is kept in about so many steps.
constexpr std::int64_t kTrafficSteps = 2000;

// The `number`-th address behind it.
rules::IpAddress plus(rules::IpAddress address, std::size_t number) {
  auto carry = number;
  for (std::size_t i = address.bytes.size(); i-- > 0 && carry > 0;) {
    carry += address.bytes[i];
    address.bytes[i] = static_cast<std::uint8_t>(carry & 0xff);
    carry >>= 8;
  }
  return address;
}

}  // namespace

Runner::Runner(const rules::Config& config, RunnerOptions options)
    : config_(config),
      options_(std::move(options)),
      conductor_(*config.scenario),
      signals_(loop_),
      traffic_(scenario().regions, options_.known_as) {}

Runner::~Runner() { loop_.deadlines().cancel(*this); }

rules::Result<Course> Runner::run() {
  auto calm = config_;
  calm.rules = rules::rules_in_phase(config_, std::nullopt);
  proxy::EngineOptions options;
  options.workers = options_.workers;
  options.observer = &traffic_;
  auto engine = proxy::Engine::start(loop_, calm, options);
  if (!engine) return tl::unexpected(engine.error());
  engine_ = std::move(*engine);
  course_.seed = engine_->seed();
  clock_.scale = scenario().time_scale;
  clock_.zero =
      proxy::monotonic_now() + rules::stretched(scenario().steady.length, 1 / clock_.scale);
  if (auto heard = listen_for_alerts(); !heard) return tl::unexpected(heard.error());
  for (const int number : {SIGINT, SIGTERM}) {
    signals_.on(number, [this](int) { conductor_.halt(now(), "it was interrupted"); });
  }
  traffic_.take(now());
  if (auto started = start_users(); !started) return tl::unexpected(started.error());
  loop_.deadlines().set(*this, proxy::monotonic_now());
  loop_.run();
  finish();
  return std::move(course_);
}

rules::Result<void> Runner::listen_for_alerts() {
  if (scenario().alerts.empty()) return {};
  const auto where = rules::parse_endpoint(scenario().alerts);
  if (!where) return tl::unexpected(where.error());
  alerts_ = std::make_unique<proxy::MessagingServer>(*where, [this](std::string_view body) {
    const auto at = now();
    const std::lock_guard lock(mutex_);
    told_alerts_.push_back({at, std::string(body)});
  });
  if (!alerts_->endpoint().host.empty()) return {};
  return rules::config_error("alerts: cannot listen on " + scenario().alerts,
                             "choose an address and port that are free");
}

Target Runner::target_of(const std::string& endpoint) const {
  for (const auto& listener : config_.listeners) {
    if (listener.name != endpoint) continue;
    auto address = engine_->bound(endpoint);
    const auto ip = address.ip();
    if (ip && to_text(*ip) == "0.0.0.0") address.host = "127.0.0.1";
    return {std::move(address), {}, {}};
  }
  if (endpoint.find("://") != std::string::npos) return {{}, {}, endpoint};
  return {*rules::parse_endpoint(endpoint), {}, {}};
}

// Of the region; else one of loopback's, where the endpoint is there.
std::optional<rules::IpAddress> Runner::address_of_user(std::size_t probe,
                                                        const std::vector<Target>& targets) const {
  const auto& region = scenario().probes[probe].region;
  for (const auto& one : scenario().regions) {
    if (one.name == region) return plus(one.clients.front().network, users_.size() + 1);
  }
  if (targets.empty()) return std::nullopt;
  const auto ip = targets.front().address.ip();
  if (!ip || !to_text(*ip).starts_with("127.")) return std::nullopt;
  return plus(rules::IpAddress::v4({127, 10, 0, 0}), users_.size() + 1);
}

rules::Result<void> Runner::start_users() {
  for (std::size_t i = 0; i < scenario().probes.size(); ++i) {
    const auto& probe = scenario().probes[i];
    UserSettings settings;
    settings.probe = static_cast<std::uint32_t>(i);
    settings.clock = clock_;
    for (const auto& one : probe.endpoints) {
      settings.targets.push_back(target_of(one));
      const auto number = settings.targets.size() - 1;
      if (number < probe.resolve.size()) settings.targets.back().name = probe.resolve[number];
    }
    settings.client.probe = &probe;
    if (!probe.password_file.empty()) {
      auto password = proxy::read_password(probe.password_file);
      if (!password) return tl::unexpected(password.error());
      settings.client.password = std::move(*password);
    }
    if (!probe.resolver.empty()) settings.client.resolver = target_of(probe.resolver).address;
    for (std::int64_t user = 0; user < probe.users; ++user) {
      settings.client.user = static_cast<std::uint32_t>(user);
      settings.client.local = address_of_user(i, settings.targets);
      settings.dice = rules::Dice(course_.seed, rules::key_of(probe.name), settings.client.user);
      users_.push_back(std::make_unique<User>(settings, [this](const rules::Operation& done) {
        const std::lock_guard lock(mutex_);
        told_operations_.push_back(done);
      }));
    }
  }
  return {};
}

void Runner::take_news() {
  std::vector<rules::Operation> operations;
  {
    const std::lock_guard lock(mutex_);
    operations.swap(told_operations_);
    for (auto& one : told_alerts_) course_.seen.alerts.push_back(std::move(one));
    told_alerts_.clear();
  }
  std::sort(operations.begin(), operations.end(),
            [](const auto& a, const auto& b) { return a.ended < b.ended; });
  for (auto& one : operations) {
    conductor_.observe(one);
    course_.seen.operations.push_back(std::move(one));
  }
}

void Runner::look_at_traffic() {
  for (auto& step : traffic_.take(now())) course_.seen.traffic.push_back(std::move(step));
}

// What each rule has done since the last look; a rule that comes back counts from zero again.
void Runner::look_at_rules() {
  for (const auto& rule : engine_->rules().rules()) {
    matched_[rule->name] |= rule->state->matched.load() > 0;
    const auto injected = rule->state->injected.load();
    auto& [state, before] = injected_[rule->name];
    if (state != rule->state.get()) before = 0;
    state = rule->state.get();
    if (injected > before) course_.seen.injected.push_back({now(), rule->name, injected - before});
    before = injected;
  }
}

void Runner::check_steady() {
  if (std::exchange(steady_checked_, true) || options_.force) return;
  std::size_t ok = 0;
  std::string why;
  std::size_t all = 0;
  for (const auto& one : course_.seen.operations) {
    const auto& probe = scenario().probes[one.probe];
    if (probe.watches) continue;
    ++all;
    ok += one.ok ? 1U : 0U;
    if (!one.ok) why = probe.name + ": " + one.why;
  }
  if (all == 0) {
    why = "no operation has ended: let `steady` be longer, or `every` shorter";
  } else if (static_cast<double>(ok) >=
             scenario().steady.availability.share() * static_cast<double>(all)) {
    return;
  }
  course_.stopped = "it is broken before anything was done (" + std::to_string(ok) + " of " +
                    std::to_string(all) + " operations succeeded; " + why +
                    "); --force rehearses all the same";
}

void Runner::enter(std::optional<std::size_t> phase) {
  auto config = config_;
  config.seed = course_.seed;
  config.rules = rules::rules_in_phase(config_, phase);
  look_at_rules();
  look_at_traffic();
  const auto done = engine_->reload(config);
  // The phase begins when its rules act.
  engine_->wait_for_workers();
  if (!done) conductor_.halt(now(), "the rules could not be loaded: " + done.error().what);
  if (phase && options_.on_phase) options_.on_phase(scenario().phases[*phase].name);
}

void Runner::on_due(Instant) noexcept {
  take_news();
  const auto at = now();
  if (at >= Duration::zero()) check_steady();
  if (!course_.stopped.empty()) return loop_.stop();
  const auto step = conductor_.advance(at);
  if (step.changed && !conductor_.over()) enter(step.phase);
  look_at_rules();
  if (at - traffic_.began() >= scenario().length() / kTrafficSteps) look_at_traffic();
  if (options_.on_tick) options_.on_tick(*this);
  if (conductor_.over()) return loop_.stop();
  const auto next = conductor_.next();
  const auto soon = proxy::monotonic_now() + kTick;
  loop_.deadlines().set(*this, std::min(soon, clock_.real(next)));
}

void Runner::finish() {
  enter(std::nullopt);
  for (const auto& user : users_) user->stop();
  users_.clear();
  take_news();
  engine_->stop();
  course_.seen.phases = conductor_.phases();
  if (course_.stopped.empty()) course_.stopped = conductor_.why();
  for (const auto& rule : config_.rules) {
    if (!matched_[rule.name] && !rule.may_miss) course_.never_matched.push_back(rule.name);
  }
}

}  // namespace brownout::rehearsal
