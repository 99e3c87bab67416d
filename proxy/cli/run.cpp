// brownout run: the proxy, until it is told to end.
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <thread>

#include "proxy/cli/activation.h"
#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"
#include "proxy/control/admin.h"
#include "proxy/control/console.h"
#include "proxy/control/event_log.h"
#include "proxy/control/event_stream.h"
#include "proxy/control/live_config.h"
#include "proxy/control/rule_report.h"
#include "proxy/engine/engine.h"
#include "proxy/loop/file_watch.h"
#include "proxy/loop/signals.h"
#include "rules/load_toml.h"

namespace brownout::cli {
namespace {

using namespace brownout::proxy;

// That Toxiproxy's clients expect.
constexpr std::string_view kUsualApi = "127.0.0.1:8474";

constexpr std::size_t kMostWarnings = 20;

class Run final : private Deadline {
 public:
  Run(const RunOptions& options, rules::Duration drain, std::string text, LiveOptions live)
      : options_(options),
        drain_(drain),
        text_(std::move(text)),
        signals_(loop_),
        live_(loop_, *rules::parse_toml(text_), std::move(live)) {}

  // The loop, a member, is gone before the deadline, a base.
  ~Run() override { loop_.deadlines().cancel(*this); }

  int start() {
    if (!options_.flows.empty()) {
      auto log = EventLog::open(options_.flows, loop_);
      if (!log) return fail(log.error());
      flows_ = std::move(*log);
    }
    if (!options_.events.empty()) {
      auto log = EventLog::open(options_.events, loop_);
      if (!log) return fail(log.error());
      events_ = std::move(*log);
    }
    if (const auto restored = live_.restore(); !restored) return fail(restored.error());
    const auto& config = live_.config();
    const bool api = options_.api != "off";
    auto activated = activated_sockets(config, options_.workers);
    if (!activated) return fail(activated.error());
    auto engine = Engine::start(loop_, config,
                                {.workers = options_.workers,
                                 .events = events_.get(),
                                 .flows = flows_.get(),
                                 .stream = api ? &stream_ : nullptr,
                                 .measure = api},
                                std::move(*activated));
    if (!engine) return fail(engine.error());
    engine_ = std::move(*engine);
    live_.attach(*engine_);
    toxiproxy_ =
        std::make_unique<toxiproxy::Api>(*engine_, [this](const auto& names, const auto& part) {
          return live_.replace_toxiproxys(names, part);
        });
    announce(config);
    if (const auto done = start_api(); !done) return fail(done.error());
    if (const auto done = load_toxiproxy_config(); !done) return fail(done.error());
    follow_signals();
    follow_file();
    {
      const StatusLine status(loop_, *engine_);
      loop_.run();
    }
    report();
    return 0;
  }

 private:
  // Who opens a port to others should know it.
  void warn_if_open(const rules::Listener& listener) const {
    const auto ip = listener.listen.ip();
    if (listener.listen.is_unix() || (ip && ip->is_loopback())) return;
    spdlog::warn("listener {}: other machines can reach {}; use 127.0.0.1 if they should not",
                 listener.name, to_text(engine_->bound(listener.name)));
  }

  void announce(const rules::Config& config) {
    spdlog::info("seed {}{}, {} rules, {} workers", engine_->seed(), config.seed ? "" : " (drawn)",
                 config.rules.size(), options_.workers);
    for (const auto& listener : config.listeners) {
      spdlog::info("listener {}: {} -> {}", listener.name, to_text(engine_->bound(listener.name)),
                   listener.upstream.empty() ? "zone " + listener.zone : listener.upstream);
      warn_if_open(listener);
    }
  }

  Result<void> start_api() {
    if (options_.api == "off") return {};
    AdminOptions options;
    options.certificate = options_.api_certificate;
    options.key = options_.api_key;
    auto where = rules::parse_endpoint(options_.api.empty() ? kUsualApi : options_.api);
    if (!where) return tl::unexpected(where.error());
    options.where = std::move(*where);
    if (!options_.token_file.empty()) {
      auto token = read_token(options_.token_file);
      if (!token) return tl::unexpected(token.error());
      options.token = std::move(*token);
    }
    auto admin = Admin::start(loop_, options, live_, stream_, *toxiproxy_);
    if (!admin && !options_.api.empty()) return tl::unexpected(admin.error());
    if (!admin) {
      spdlog::warn("no API: {} (give --api an address, or off)", admin.error().what);
      return {};
    }
    admin_ = std::move(*admin);
    spdlog::info("dashboard and API on {}://{}", options.certificate.empty() ? "http" : "https",
                 rules::to_text(admin_->endpoint()));
    return {};
  }

  // Toxiproxy's proxies are there without the API, too.
  Result<void> load_toxiproxy_config() {
    if (options_.toxiproxy_config.empty()) return {};
    const auto text = read_text(options_.toxiproxy_config);
    if (!text) return rules::config_error("Toxiproxy's configuration cannot be read");
    if (const auto loaded = toxiproxy_->load(*text); !loaded) {
      return rules::config_error(options_.toxiproxy_config + ": " + loaded.error().what);
    }
    for (const auto& [name, upstream] : toxiproxy_->upstreams()) {
      spdlog::info("proxy {}: {} -> {}", name, to_text(engine_->bound(name)), upstream);
    }
    return {};
  }

  void halt(bool on) {
    if (on) {
      engine_->halt();
    } else {
      engine_->resume();
    }
    print_table();
  }

  void follow_signals() {
    std::signal(SIGPIPE, SIG_IGN);
    signals_.on(SIGHUP, [this](int) { reload("SIGHUP"); });
    signals_.on(SIGUSR1, [this](int) { halt(true); });
    signals_.on(SIGUSR2, [this](int) { halt(false); });
    signals_.on(SIGTERM, [this](int) { begin_drain(); });
    signals_.on(SIGINT, [this](int) { draining_ ? loop_.stop() : begin_drain(); });
  }

  void follow_file() {
    if (options_.no_watch) return;
    watch_ = std::make_unique<FileWatch>(loop_, options_.path, [this] { reload("changed"); });
    if (!watch_->watching()) spdlog::warn("cannot watch {}: reload with SIGHUP", options_.path);
    // It may have changed since it was read.
    reload("changed");
  }

  void reload(std::string_view why) {
    const auto text = read_text(options_.path);
    // The folder changed, or the file was touched: nothing to do unless it says something else.
    if (text && *text == text_ && why != "SIGHUP") return;
    const auto config = text ? parse(options_.path, *text) : std::nullopt;
    if (text) text_ = *text;
    if (!config)
      return spdlog::error("{} ({}): not loaded, the rules before stay", options_.path, why);
    const auto done = live_.set_file(*rules::parse_toml(*text));
    if (!done) {
      return spdlog::error("{}: not loaded, the rules before stay: {}", options_.path,
                           describe(done.error()));
    }
    spdlog::info("{} ({}): {} rules loaded", options_.path, why, config->rules.size());
  }

  void begin_drain() {
    if (draining_) return;
    draining_ = true;
    engine_->stop_accepting();
    drain_until_ = rules::later(Loop::now(), drain_);
    if (engine_->open_flows() > 0) {
      spdlog::info("ending: waiting up to {} for {} connections", rules::to_text(drain_),
                   engine_->open_flows());
    }
    on_due(Loop::now());
  }

  void on_due(Instant now) noexcept override {
    if (engine_->open_flows() == 0 || now >= drain_until_) return loop_.stop();
    loop_.deadlines().set(*this, std::min(drain_until_, now + std::chrono::milliseconds(20)));
  }

  // What each rule has done, and how full its queue is.
  void print_table() {
    const auto table = rule_table(engine_->rules());
    spdlog::info("so far:\n{}", table.empty() ? "there are no rules" : table);
  }

  void report() {
    const auto left = engine_->open_flows();
    if (left > 0) spdlog::warn("{} connections were cut", left);
    engine_->stop();
    loop_.run_posted();
    fmt::print(stderr, "{}", rule_table(engine_->rules()));
    auto idle = never_matched(engine_->rules());
    if (idle.size() > kMostWarnings) {
      spdlog::warn("{} rules never matched a connection, {} among them", idle.size(), idle.front());
      idle.clear();
    }
    for (const auto& name : idle) {
      spdlog::warn("rule {} never matched a connection (see `brownout explain`)", name);
    }
    if (events_ && events_->lost() > 0)
      spdlog::error("{} events were not written", events_->lost());
  }

  const RunOptions& options_;
  rules::Duration drain_;
  std::string text_;
  Loop loop_;
  Signals signals_;
  std::unique_ptr<FileWatch> watch_;
  std::unique_ptr<EventLog> events_;
  std::unique_ptr<EventLog> flows_;
  EventStream stream_{loop_};
  LiveConfig live_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<toxiproxy::Api> toxiproxy_;
  std::unique_ptr<Admin> admin_;
  Instant drain_until_ = kNever;
  bool draining_ = false;
};

}  // namespace

int run(const RunOptions& options) {
  const auto drain = rules::parse_duration(options.drain);
  if (!drain) {
    fmt::print(stderr, "error: --drain: {}; {}\n", drain.error().what, drain.error().hint);
    return kBadInput;
  }
  auto text = read_text(options.path);
  if (!text) return kBadInput;
  const auto config = parse(options.path, *text);
  if (!config) return kBadInput;
  if (config->scenario) {
    fmt::print(stderr,
               "{}: error: this is a rehearsal: its rules are on in its phases only\n"
               "     = use `brownout rehearse {}`\n",
               options.path, options.path);
    return kBadInput;
  }
  LiveOptions live;
  live.state_file = options.state;
  if (!options.max_fault_time.empty()) {
    const auto most = rules::parse_duration(options.max_fault_time);
    if (!most || *most <= Duration::zero()) {
      fmt::print(stderr, "error: --max-fault-time: a duration is needed, e.g. 10m\n");
      return kBadInput;
    }
    live.max_fault_time = *most;
  }
  set_up_logging(options.log_level);
  raise_descriptor_limit();
  return Run(options, *drain, std::move(*text), std::move(live)).start();
}

}  // namespace brownout::cli
