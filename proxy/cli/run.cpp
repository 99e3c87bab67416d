// brownout run: runs the proxy until SIGTERM or SIGINT.
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <utility>

#include "proxy/cli/activation.h"
#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"
#include "proxy/cli/status_line.h"
#include "proxy/control/admin.h"
#include "proxy/control/event_stream.h"
#include "proxy/control/live_config.h"
#include "proxy/control/process.h"
#include "proxy/engine/engine.h"
#include "proxy/loop/file_watch.h"
#include "proxy/loop/read_file.h"
#include "proxy/loop/signals.h"
#include "proxy/observe/console.h"
#include "proxy/observe/event_log.h"
#include "proxy/observe/rule_report.h"
#include "rules/base/terminal_text.h"
#include "rules/language/load_toml.h"

namespace brownout::cli {
namespace {

using namespace brownout::proxy;

// The default port of Toxiproxy's clients.
constexpr std::string_view kUsualApi = "127.0.0.1:8474";

constexpr std::size_t kMostWarnings = 20;

class Run final : private Deadline {
 public:
  Run(const RunOptions& options, rules::Duration drain, std::string text,
      std::optional<std::string> toxiproxy_text, ZoneFiles zone_files, LiveOptions live)
      : options_(options),
        drain_(drain),
        text_(std::move(text)),
        toxiproxy_text_(std::move(toxiproxy_text)),
        zone_files_(std::move(zone_files)),
        signals_(loop_),
        live_(loop_, {*rules::parse_toml(text_), zone_files_}, std::move(live)) {}

  // The loop is a member, so it would be destroyed before the deadline, which is a base class.
  ~Run() override { loop_.deadlines().cancel(*this); }

  int start() {
    if (!options_.flows.empty()) {
      auto log = EventLog::open(options_.flows, EventLog::Of::kFlows);
      if (!log) return fail(log.error());
      flows_ = std::move(*log);
    }
    if (!options_.events.empty()) {
      auto log = EventLog::open(options_.events);
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
    if (!engine && complain_of_files(config, options_.path, text_)) return kBadInput;
    if (!engine) return fail(engine.error());
    engine_ = std::move(*engine);
    live_.attach(*engine_);
    toxiproxy_ =
        std::make_unique<toxiproxy::Api>(*engine_, [this](const auto& names, const auto& part) {
          return live_.replace_toxiproxys(names, part);
        });
    announce(config);
    say_what_differs();
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
  // Warns about ports that other machines can reach.
  void warn_if_open(const rules::Listener& listener) const {
    // A name such as "localhost" has been resolved by now.
    const auto ip = engine_->bound(listener.name).ip();
    if (listener.listen.is_unix() || (ip && ip->is_loopback())) return;
    spdlog::warn("listener {}: other machines can reach {}; use 127.0.0.1 if they should not",
                 rules::printable(listener.name), to_text(engine_->bound(listener.name)));
  }

  void announce(const rules::Config& config) {
    spdlog::info("seed {}{}, {}, {}", engine_->seed(), config.seed ? "" : " (drawn)",
                 rules::count_of(config.rules.size(), "rule"),
                 rules::count_of(options_.workers, "worker"));
    for (const auto& listener : config.listeners) {
      auto to = listener.upstream.empty() ? "zone " + listener.zone : listener.upstream;
      if (listener.knows_destination()) to = "wherever its clients want to go";
      spdlog::info("listener {}: {} -> {}", rules::printable(listener.name),
                   to_text(engine_->bound(listener.name)), rules::printable(to));
      warn_if_open(listener);
    }
  }

  AdminOptions api_files() const {
    AdminOptions options;
    options.certificate = options_.api_certificate;
    options.key = options_.api_key;
    options.token_file = options_.token_file;
    options.socket = options_.api_socket;
    return options;
  }

  Result<void> start_api() {
    if (options_.api == "off") return {};
    auto options = api_files();
    auto where = rules::parse_listen(options_.api.empty() ? kUsualApi : options_.api);
    if (!where) return tl::unexpected(where.error());
    options.where = std::move(*where);
    auto admin = Admin::start(loop_, options, live_, stream_, *toxiproxy_);
    const bool asked = !options_.api.empty() || !options_.api_socket.empty();
    if (!admin && asked) return tl::unexpected(admin.error());
    if (!admin) {
      spdlog::warn("no API: {} (give --api an address, or off)", admin.error().what);
      return {};
    }
    admin_ = std::move(*admin);
    if (!options_.api_socket.empty()) spdlog::info("API on unix:{}", options_.api_socket);
    const auto where_it_is = rules::to_text(admin_->endpoint());
    if (admin_->endpoint().is_unix()) {
      spdlog::info("API on {}", where_it_is);
    } else {
      spdlog::info("dashboard and API on {}://{}", options.certificate.empty() ? "http" : "https",
                   where_it_is);
    }
    return {};
  }

  // Loads Toxiproxy's proxies, even if the API is off.
  Result<void> load_toxiproxy_config() {
    if (!toxiproxy_text_) return {};
    if (const auto loaded = toxiproxy_->load(*toxiproxy_text_); !loaded) {
      return rules::config_error(options_.toxiproxy_config + ": " + loaded.error().what);
    }
    for (const auto& [name, upstream] : toxiproxy_->upstreams()) {
      spdlog::info("proxy {}: {} -> {}", rules::printable(name), to_text(engine_->bound(name)),
                   rules::printable(upstream));
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
    signals_.on(SIGHUP, [this](int) {
      for (const auto& log : {events_.get(), flows_.get()}) {
        if (log != nullptr) log->reopen();
      }
      reload("SIGHUP");
      renew_api();
    });
    signals_.on(SIGUSR1, [this](int) { halt(true); });
    signals_.on(SIGUSR2, [this](int) { halt(false); });
    signals_.on(SIGTERM, [this](int) { begin_drain(); });
    signals_.on(SIGINT, [this](int) { draining_ ? loop_.stop() : begin_drain(); });
  }

  void follow_file() {
    if (options_.no_watch || options_.quick.is_given()) return;
    if (!is_regular(options_.path)) {
      spdlog::info("{} is not a regular file: it is read once, and not watched for changes",
                   options_.path);
      return;
    }
    watches_.watch(zone_files_.watched());
    // The file may have changed since it was read.
    reload("changed");
  }

  void reload(std::string_view why) {
    if (options_.quick.is_given()) return;
    const auto text = read_regular(options_.path);
    if (!text) {
      gone_ = true;
      return not_loaded(why, text.error().what);
    }
    unreadable_.clear();
    const bool back = std::exchange(gone_, false);
    // The event may be for another file in the folder, or the contents may be unchanged.
    if (*text == text_ && why != "SIGHUP" && !zone_files_.changed() && !back) return;
    text_ = *text;
    const auto config = parse(options_.path, *text, zone_files_);
    if (!options_.no_watch) {
      watches_.watch(zone_files_.watched());
      // A change between the read and the start of the watch raises no event.
      if (zone_files_.changed()) loop_.post([this] { reload("changed"); });
    }
    if (!config) return not_loaded(why, "it has mistakes");
    const auto done = live_.set_file({*rules::parse_toml(*text), zone_files_});
    if (!done) {
      complain_of_files(*config, options_.path, *text);
      return not_loaded(why, describe(done.error()));
    }
    spdlog::info("{} ({}): {} loaded", options_.path, why,
                 rules::count_of(config->rules.size(), "rule"));
    say_what_differs();
  }

  // Explains why an edit of the file may have no effect.
  void say_what_differs() const {
    const auto names = names_in(live_.overlay());
    if (names.empty()) return;
    spdlog::warn(
        "the file differs from the active configuration: {} (changed by the API; `brownout ctl "
        "reset` restores "
        "the file's state)",
        rules::printable(names));
  }

  void not_loaded(std::string_view how, const std::string& why) {
    live_.file_refused(why);
    // Report a missing file once, not at every change in its folder.
    if (std::exchange(unreadable_, why) == why && how != "SIGHUP") return;
    spdlog::error("{} ({}): not loaded, the previous rules stay: {}", options_.path, how, why);
  }

  // Certificates and tokens are renewed in place, in their files.
  void renew_api() {
    if (!admin_) return;
    if (const auto done = admin_->renew(api_files()); !done) {
      spdlog::error("the API keeps its previous certificate and token: {}", describe(done.error()));
    }
    if (!options_.toxiproxy_config.empty()) {
      spdlog::info("{} is read at the start only; change its proxies through the API",
                   options_.toxiproxy_config);
    }
  }

  void begin_drain() {
    if (draining_) return;
    draining_ = true;
    engine_->stop_accepting();
    drain_until_ = rules::later(Loop::now(), drain_);
    if (engine_->open_flows() > 0) {
      spdlog::info("ending: waiting up to {} for {}", rules::to_text(drain_),
                   rules::count_of(engine_->open_flows(), "connection"));
    }
    on_due(Loop::now());
  }

  void on_due(Instant now) noexcept override {
    if (engine_->open_flows() == 0 || now >= drain_until_) return loop_.stop();
    loop_.deadlines().set(*this, std::min(drain_until_, now + std::chrono::milliseconds(20)));
  }

  // Prints the counters and the queue of each rule.
  void print_table() {
    const auto table = rule_table(engine_->rules());
    spdlog::info("so far:");
    print_error(table.empty() ? "there are no rules\n" : table);
  }

  void report() {
    const auto left = engine_->open_flows();
    if (left > 0)
      spdlog::warn("cut {} that did not end in time", rules::count_of(left, "connection"));
    engine_->stop();
    loop_.run_posted();
    print_error(rule_table(engine_->rules()));
    auto idle = engine_->never_matched();
    if (idle.size() > kMostWarnings) {
      spdlog::warn("{} rules never matched anything, {} among them", idle.size(),
                   rules::printable(idle.front()));
      idle.clear();
    }
    for (const auto& name : idle) {
      spdlog::warn("rule {} never matched anything (see `brownout explain`)",
                   rules::printable(name));
    }
    say_lost(events_.get(), "event");
    say_lost(flows_.get(), "flow");
    if (!live_.finish()) {
      spdlog::error("{} lacks changes made by the API: it could not be written in time",
                    options_.state);
    }
  }

  static void say_lost(EventLog* log, std::string_view what) {
    if (log == nullptr) return;
    log->finish();
    if (log->lost() == 0) return;
    spdlog::error("{} not written", rules::count_of(log->lost(), what));
  }

  const RunOptions& options_;
  rules::Duration drain_;
  std::string text_;
  std::optional<std::string> toxiproxy_text_;
  ZoneFiles zone_files_;    // files that the text includes
  std::string unreadable_;  // last error of loading the file
  bool gone_ = false;       // the last read of the file failed
  Loop loop_;
  Signals signals_;
  FileWatches watches_{loop_, [this] { reload("changed"); }};
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

int run(const RunOptions& given) {
  auto options = given;
  if (options.quick.is_given()) options.path = "options";
  if (options.api == "off" && !options.api_socket.empty()) {
    fmt::print(stderr,
               "error: --api off and --api-socket exclude each other; for a socket alone, give "
               "--api unix:{}\n",
               options.api_socket);
    return kBadInput;
  }
  const auto drain = rules::parse_duration(options.drain);
  if (!drain) {
    fmt::print(stderr, "error: --drain: {}; {}\n", drain.error().what, drain.error().hint);
    return kBadInput;
  }
  auto text = read_text(options.path, options.quick);
  if (!text) return kBadInput;
  ZoneFiles zone_files;
  const auto config = parse(options.path, *text, zone_files);
  if (!config) return kBadInput;
  if (config->scenario) {
    fmt::print(stderr,
               "{}: error: this is a rehearsal: its rules are active only in its phases\n"
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
  // Reading a pipe may block here: no client is served yet, and a signal still ends the process.
  std::optional<std::string> toxiproxy_text;
  if (!options.toxiproxy_config.empty()) {
    toxiproxy_text = read_text(options.toxiproxy_config);
    if (!toxiproxy_text) return kBadInput;
  }
  if (const auto claimed = claim_descriptors(options.workers); !claimed) {
    return fail(claimed.error());
  }
  set_up_logging(options.log_level);
  return Run(options, *drain, std::move(*text), std::move(toxiproxy_text), std::move(zone_files),
             std::move(live))
      .start();
}

}  // namespace brownout::cli
