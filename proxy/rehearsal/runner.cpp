#include "proxy/rehearsal/runner.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "proxy/loop/descriptor_limit.h"
#include "proxy/net/password_file.h"
#include "rules/base/describe.h"

namespace brownout::rehearsal {
namespace {

// Interval between checks of the measurements, since `stop_if` must act within a second.
constexpr Duration kTick = std::chrono::milliseconds(50);

// Traffic is counted in about this many steps of time, however long the rehearsal is.
constexpr std::int64_t kTrafficSteps = 2000;

// Returns the address that is `number` addresses after `address`.
rules::IpAddress plus(rules::IpAddress address, std::size_t number) {
  auto carry = number;
  for (std::size_t i = address.bytes.size(); i-- > 0 && carry > 0;) {
    carry += address.bytes[i];
    address.bytes[i] = static_cast<std::uint8_t>(carry & 0xff);
    carry >>= 8;
  }
  return address;
}

// Number of file descriptors that a user with a connection needs, since both ends of the connection
// are in this process. The next two numbers are for a user that only runs commands, and for all
// other parts of the process.
constexpr std::uint64_t kOfUser = 5;
constexpr std::uint64_t kOfCommand = 2;
constexpr std::uint64_t kOwnDescriptors = 64;

constexpr Duration kBetweenReaps = std::chrono::seconds(1);

// Returns the reason why no client on this machine can have this address; "" if a client can.
std::string why_unusable(const rules::IpAddress& address) {
  const auto where = proxy::SocketAddress::of(address, 0);
  const Fd fd(::socket(where.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd && ::bind(fd.get(), where.get(), where.length) == 0) return {};
  return "no client can have the address " + to_text(address) + ": " + std::strerror(errno);
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
  if (auto enough = check_limits(); !enough) return tl::unexpected(enough.error());
  auto calm = config_;
  calm.rules = rules::rules_in_phase(config_.rules, scenario(), std::nullopt);
  proxy::EngineOptions options;
  options.workers = options_.workers;
  options.observer = &traffic_;
  options.stream = events_;
  options.measure = events_ != nullptr;
  auto engine = proxy::Engine::start(loop_, calm, options);
  if (!engine) return tl::unexpected(engine.error());
  engine_ = std::move(*engine);
  course_.seed = engine_->seed();
  clock_.scale = scenario().time_scale;
  clock_.zero =
      proxy::monotonic_now() + rules::stretched(scenario().steady.length, 1 / clock_.scale);
  if (auto begun = begin(); !begun) {
    engine_->stop();
    return tl::unexpected(begun.error());
  }
  loop_.deadlines().set(*this, proxy::monotonic_now());
  loop_.run();
  finish();
  return std::move(course_);
}

rules::Result<void> Runner::begin() {
  if (auto heard = listen_for_alerts(); !heard) return heard;
  stop_on_signals();
  if (options_.on_start) {
    if (auto started = options_.on_start(); !started) return started;
  }
  traffic_.take(now());
  return start_users();
}

// Checks that the limit of file descriptors is high enough. A lack of descriptors during the
// rehearsal would look like an outage.
rules::Result<void> Runner::check_limits() const {
  proxy::raise_descriptor_limit();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  std::uint64_t needed = kOwnDescriptors;
  for (const auto& probe : scenario().probes) {
    const bool connects = probe.kind != rules::ProbeKind::kExec;
    needed += static_cast<std::uint64_t>(probe.users) * (connects ? kOfUser : kOfCommand);
  }
  if (needed <= limit.rlim_cur) return {};
  return rules::config_error("the users of the probes need " + std::to_string(needed) +
                                 " file descriptors, but only " + std::to_string(limit.rlim_cur) +
                                 " are allowed",
                             "raise the hard limit (ulimit -Hn), or use fewer users");
}

void Runner::stop_on_signals() {
  for (const int number : {SIGINT, SIGTERM, SIGQUIT, SIGHUP}) {
    struct sigaction before {};
    const bool ignored = number == SIGHUP && ::sigaction(number, nullptr, &before) == 0 &&
                         before.sa_handler == SIG_IGN;
    if (!ignored) signals_.on(number, [this](int) { interrupt(); });
  }
  // SIGUSR1 halts the rehearsal, as in `brownout run`. SIGUSR2 is ignored, since a halt of a
  // rehearsal cannot be undone.
  signals_.on(SIGUSR1, [this](int) { halt("a SIGUSR1 halted the rehearsal"); });
  signals_.on(SIGUSR2, [](int) {});
}

void Runner::interrupt() {
  if (!conductor_.halted()) return halt("a signal such as Ctrl-C interrupted the rehearsal");
  abandoned_ = true;
  conductor_.end(now());
  stop_loop();
}

void Runner::halt(const std::string& why) {
  if (conductor_.halted() || conductor_.over()) return;
  interrupted_at_ = now();
  conductor_.halt(*interrupted_at_, why);
  report_halt();
}

void Runner::stop_loop() {
  // Stops virtual time, so that no user's deadline passes while the users are stopped.
  if (!held_) held_.emplace();
  loop_.stop();
}

// Reports why the rehearsal halts, and how long it still runs. Does so only once.
void Runner::report_halt() {
  if (!conductor_.halted() || std::exchange(halt_reported_, true) || !options_.on_halt) return;
  auto text = conductor_.why() + ": all faults end at once";
  if (conductor_.phases().empty()) {
    text = conductor_.why() + ": no phase has begun, and the rehearsal ends now";
  } else if (!conductor_.over()) {
    const auto& phase = conductor_.phases().back();
    const auto left = rules::stretched(phase.end - now(), 1 / clock_.scale);
    text += ", and the recovery phase " + rules::in_quotes(scenario().phases[phase.phase].name) +
            " runs for " + rules::print_time(std::max(left, Duration::zero())) +
            "; interrupt again to end the rehearsal at once";
  }
  options_.on_halt(text);
}

rules::Result<void> Runner::listen_for_alerts() {
  if (scenario().alerts.empty()) return {};
  const auto where = rules::parse_endpoint(scenario().alerts);
  if (!where) return tl::unexpected(where.error());
  alerts_ = std::make_unique<proxy::MessagingServer>(*where, [this](std::string_view body) {
    const auto at = now();
    const std::lock_guard lock(mutex_);
    reported_alerts_.push_back({at, std::string(body)});
  });
  if (!alerts_->endpoint().host.empty()) return {};
  return rules::config_error("alerts: " + alerts_->error().what,
                             "write an address of this machine with a free port in `alerts`");
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

// Returns the source address of a user. It is an address of the probe's region. Without a region,
// it is a loopback address if the endpoint is on loopback; else the kernel chooses it.
std::optional<rules::IpAddress> Runner::address_of_user(std::size_t probe,
                                                        const std::vector<Target>& targets) const {
  const auto& region = scenario().probes[probe].region;
  for (const auto& candidate : scenario().regions) {
    if (candidate.name == region) return plus(candidate.clients.front().network, users_.size() + 1);
  }
  if (targets.empty()) return std::nullopt;
  const auto ip = targets.front().address.ip();
  if (!ip || !to_text(*ip).starts_with("127.")) return std::nullopt;
  return plus(rules::IpAddress::v4({127, 10, 0, 0}), users_.size() + 1);
}

rules::Result<void> Runner::start_users() {
  for (const auto& probe : scenario().probes) {
    const bool command = probe.kind == rules::ProbeKind::kExec;
    if (command && !processes_) processes_ = std::make_unique<Descendants>();
  }
  for (std::uint32_t i = 0; i < scenario().probes.size(); ++i) {
    if (auto started = start_users_of(i); !started) return started;
  }
  return {};
}

rules::Result<void> Runner::start_users_of(std::uint32_t number) {
  const auto& probe = scenario().probes[number];
  UserSettings settings;
  settings.probe = number;
  settings.clock = clock_;
  for (const auto& endpoint : probe.endpoints) {
    settings.targets.push_back(target_of(endpoint));
    const auto last = settings.targets.size() - 1;
    if (last < probe.resolve.size()) settings.targets.back().name = probe.resolve[last];
  }
  settings.client.probe = &probe;
  settings.client.processes = processes_.get();
  if (!probe.password_file.empty()) {
    auto password = proxy::read_password(probe.password_file);
    if (!password) return tl::unexpected(password.error());
    settings.client.password = std::move(*password);
  }
  if (!probe.resolver.empty()) settings.client.resolver = target_of(probe.resolver).address;
  for (std::int64_t user = 0; user < probe.users; ++user) {
    settings.client.user = static_cast<std::uint32_t>(user);
    settings.client.local = address_of_user(number, settings.targets);
    settings.dice = rules::Dice(course_.seed, rules::key_of(probe.name), settings.client.user);
    settings.client.dice = settings.dice.split("client");
    auto why = settings.client.local ? why_unusable(*settings.client.local) : std::string();
    if (why.empty()) why = start_user(settings);
    if (why.empty()) continue;
    // Records that this user could not start. The other users still run; a probe without users is
    // reported as not measured.
    course_.seen.unstarted.push_back({number, std::move(why)});
    break;
  }
  return {};
}

// Starts a user. Returns the reason if that is not possible; "" after success.
std::string Runner::start_user(const UserSettings& settings) {
  try {
    users_.push_back(std::make_unique<User>(settings, [this](const rules::Operation& done) {
      const std::lock_guard lock(mutex_);
      reported_operations_.push_back(done);
    }));
  } catch (const std::exception& problem) {
    return problem.what();
  }
  return {};
}

void Runner::collect_reports() {
  std::vector<rules::Operation> operations;
  {
    const std::lock_guard lock(mutex_);
    operations.swap(reported_operations_);
    for (auto& alert : reported_alerts_) course_.seen.alerts.push_back(std::move(alert));
    reported_alerts_.clear();
  }
  std::sort(operations.begin(), operations.end(),
            [](const auto& a, const auto& b) { return a.ended < b.ended; });
  for (auto& operation : operations) {
    // Ignores operations that were in progress when a halt ended the faults early, since they do
    // not show the effect of the faults.
    if (interrupted_at_ && operation.began < *interrupted_at_ &&
        operation.ended >= *interrupted_at_) {
      continue;
    }
    conductor_.observe(operation);
    untallied_.push_back(std::move(operation));
  }
}

// Adds the operations that ended before `until` to the results. Call after the conductor has
// recorded all phases that began before `until`.
void Runner::tally_operations(Duration until) {
  const auto end = std::find_if(untallied_.begin(), untallied_.end(),
                                [&](const auto& operation) { return operation.ended >= until; });
  std::for_each(untallied_.begin(), end, [&](const auto& operation) {
    course_.seen.tally.add(scenario(), conductor_.phases(), operation);
  });
  untallied_.erase(untallied_.begin(), end);
}

void Runner::record_traffic() {
  for (auto& step : traffic_.take(now())) course_.seen.traffic.push_back(std::move(step));
}

// Records how often each rule injected its fault since the last call. A rule that was removed and
// is active again counts from zero.
void Runner::record_injections() {
  for (const auto& rule : engine_->rules().rules()) {
    matched_[rule->name] |= rule->state->matched.load() > 0;
    auto& [state, before] = injected_[rule->name];
    if (state != rule->state.get()) before = {};
    state = rule->state.get();
    rules::FaultCounts total;
    total.add(*state);
    const auto fresh = total.since(std::exchange(before, total));
    if (fresh.injected > 0)
      course_.seen.injected.push_back({now(), rule->name, fresh.injected, fresh.early});
  }
}

void Runner::check_steady() {
  if (std::exchange(steady_checked_, true) || options_.force) return;
  tally_operations(Duration::zero());
  const auto& steady = course_.seen.tally.steady();
  auto unable = steady.unable;
  for (const auto& unstarted : course_.seen.unstarted) {
    unable = scenario().probes[unstarted.probe].name + " could not be started: " + unstarted.why;
  }
  auto why = steady.why;
  if (steady.all == 0) {
    why = unable.empty() ? "no operation has ended: make steady.for longer, or `every` shorter"
                         : unable;
  } else if (static_cast<double>(steady.ok) >=
             scenario().steady.availability.share() * static_cast<double>(steady.all)) {
    return;
  }
  course_.stopped = "the steady state was not met before the first phase (" +
                    std::to_string(steady.ok) + " of " + std::to_string(steady.all) +
                    (steady.all == 1 ? " operation" : " operations") + " succeeded; " + why +
                    "); --force runs the rehearsal anyway";
}

void Runner::enter(std::optional<std::size_t> phase) {
  auto config = config_;
  config.seed = course_.seed;
  config.rules = rules::rules_in_phase(config_.rules, scenario(), phase);
  record_injections();
  record_traffic();
  const auto done = engine_->reload(config);
  // Waits for the workers, since the phase begins when its rules are active on all workers.
  engine_->wait_for_workers();
  if (phase) conductor_.acts(now());
  if (now() > traffic_.began()) record_traffic();
  if (!done) conductor_.halt(now(), "the rules could not be loaded: " + describe(done.error()));
  if (phase && options_.on_phase) options_.on_phase(scenario().phases[*phase].name);
}

void Runner::on_due(Instant) noexcept {
  collect_reports();
  const auto at = now();
  if (at >= Duration::zero()) check_steady();
  if (!course_.stopped.empty()) return stop_loop();
  const auto step = conductor_.advance(at);
  tally_operations();
  report_halt();
  if (step.changed && !conductor_.over()) enter(step.phase);
  record_injections();
  if (at - traffic_.began() >= scenario().length() / kTrafficSteps) record_traffic();
  if (processes_ && proxy::monotonic_now() - reaped_ > kBetweenReaps) {
    reaped_ = proxy::monotonic_now();
    processes_->reap();
  }
  if (options_.on_tick) options_.on_tick(*this);
  if (conductor_.over()) return stop_loop();
  const auto next = conductor_.next();
  const auto soon = proxy::monotonic_now() + kTick;
  loop_.deadlines().set(*this, std::min(soon, clock_.real(next)));
}

void Runner::finish() {
  // Stops the users before the rules of the last phase end. Otherwise, operations that succeed
  // without these rules would count for the last phase.
  for (const auto& user : users_) user->stop();
  for (const auto& user : users_) user->join();
  held_.reset();
  collect_reports();
  // Does not count operations that an interrupt (Ctrl-C) cut off.
  if (abandoned_ || conductor_.phases().empty()) {
    std::erase_if(untallied_, [](const auto& operation) { return operation.unfinished; });
  }
  tally_operations();
  enter(std::nullopt);
  users_.clear();
  processes_.reset();
  engine_->stop();
  course_.seen.phases = conductor_.phases();
  if (course_.stopped.empty()) course_.stopped = conductor_.why();
  if (abandoned_) course_.stopped += ", and a second signal interrupted the recovery phase";
  for (const auto& rule : config_.rules) {
    if (!matched_[rule.name] && !rule.may_miss) course_.never_matched.push_back(rule.name);
  }
}

}  // namespace brownout::rehearsal
