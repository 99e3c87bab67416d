// brownout run: runs the proxy until SIGTERM, SIGINT or the end of --for.
#include <fmt/core.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "proxy/cli/activation.h"
#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"
#include "proxy/cli/run_outputs.h"
#include "proxy/cli/run_settings.h"
#include "proxy/cli/serve_api.h"
#include "proxy/cli/status_line.h"
#include "proxy/control/admin.h"
#include "proxy/control/event_stream.h"
#include "proxy/control/live_config.h"
#include "proxy/control/process.h"
#include "proxy/engine/engine.h"
#include "proxy/formats/json_text.h"
#include "proxy/loop/file_watch.h"
#include "proxy/loop/read_file.h"
#include "proxy/loop/signals.h"
#include "proxy/observe/console.h"
#include "proxy/observe/rule_report.h"
#include "rules/base/terminal_text.h"
#include "rules/language/load_toml.h"

namespace brownout::cli {
namespace {

using namespace brownout::proxy;

constexpr std::size_t kMostWarnings = 20;

class Run final : private Deadline {
 public:
  Run(const RunOptions& options, RunSettings settings, std::string text, IncludedFiles included)
      : options_(options),
        settings_(std::move(settings)),
        text_(std::move(text)),
        included_(std::move(included)),
        signals_(loop_),
        live_(loop_, {*rules::parse_toml(text_), included_}, telling(settings_.live)) {}

  // Cancels this deadline while the member loop_ still exists.
  ~Run() override { loop_.deadlines().cancel(*this); }

  int start() {
    if (const auto opened = outputs_.open(options_); !opened) return fail(opened.error());
    if (const auto restored = live_.restore(); !restored) return fail(restored.error());
    const auto& config = live_.config();
    const bool api = options_.api != "off";
    auto activated = activated_sockets(config, options_.workers);
    if (!activated) return fail(activated.error());
    auto engine = Engine::start(loop_, config,
                                {.workers = options_.workers,
                                 .events = outputs_.events(),
                                 .flows = outputs_.flows(),
                                 .observer = observer(),
                                 .stream = api ? &stream_ : nullptr,
                                 .measure = api || !options_.otlp.empty()},
                                std::move(*activated));
    if (!engine && complain_of_files(config, options_.path, text_)) return kBadInput;
    if (!engine) return fail(engine.error());
    engine_ = std::move(*engine);
    live_.attach(*engine_);
    outputs_.follow(loop_, *engine_);
    toxiproxy_ =
        std::make_unique<toxiproxy::Api>(*engine_, [this](const auto& names, const auto& part) {
          return toxiproxy::outcome_of(live_.replace_toxiproxy_part(names, part));
        });
    announce(config);
    say_what_differs();
    if (const auto done = start_api(); !done) return fail(done.error());
    if (const auto done = load_toxiproxy_config(); !done) return fail(done.error());
    follow_signals();
    follow_file();
    if (settings_.length)
      loop_.deadlines().set(*this, rules::later(Loop::now(), *settings_.length));
    {
      const StatusLine status(loop_, *engine_);
      loop_.run();
    }
    report();
    return settings_.expectations ? settings_.expectations->judge(*engine_) : 0;
  }

 private:
  FlowObserver* observer() const {
    return settings_.expectations ? settings_.expectations->observer() : nullptr;
  }

  // Adds a callback that sends an event to API clients when a lease has expired. Without it,
  // clients would not learn of this change, which no request makes.
  LiveOptions telling(LiveOptions live) {
    live.lapsed = [this](const std::string& lease) { tell("lapsed", "lease", lease); };
    return live;
  }
  void tell(const char* event, const char* key, const std::string& value) {
    stream_.tell(codecs::json_text(nlohmann::json{{"event", event}, {key, value}}));
  }

  // Warns about ports that other machines can reach.
  void warn_if_open(const rules::Listener& listener) const {
    // Uses the bound address, in which a name such as "localhost" has been resolved.
    const auto ip = engine_->bound(listener.name).ip();
    if (listener.listen.is_unix() || (ip && ip->is_loopback())) return;
    spdlog::warn("listener {}: other machines can reach {}; listen on 127.0.0.1 to prevent this",
                 rules::printable(listener.name), to_text(engine_->bound(listener.name)));
  }

  void announce(const rules::Config& config) {
    spdlog::info("seed {}{}, {}, {}", engine_->seed(), config.seed ? "" : " (drawn)",
                 rules::count_of(config.rules.size(), "rule"),
                 rules::count_of(options_.workers, "worker"));
    for (const auto& listener : config.listeners) {
      auto to = listener.upstream.empty() ? "zone " + listener.zone : listener.upstream;
      if (listener.knows_destination()) to = "the destination that each client asks for";
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
    auto options = api_files();
    options.metrics.spans_lost = outputs_.spans_lost();
    auto served = serve_api(loop_, options_.api, options, live_, stream_, *toxiproxy_);
    if (!served) return tl::unexpected(served.error());
    admin_ = std::move(served->admin);
    if (!served->warning.empty()) spdlog::warn("{}", served->warning);
    if (!admin_) return {};
    if (!options_.api_socket.empty()) spdlog::info("API on unix:{}", options_.api_socket);
    spdlog::info("{} on {}", admin_->endpoint().is_unix() ? "API" : "dashboard and API",
                 address_of_api(*admin_, options));
    return {};
  }

  Result<void> load_toxiproxy_config() {
    if (!settings_.toxiproxy_text) return {};
    if (const auto loaded = toxiproxy_->load(*settings_.toxiproxy_text); !loaded) {
      return rules::config_error(options_.toxiproxy_config + ": " + loaded.error().what,
                                 "correct it; its form is that of toxiproxy-server -config");
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
    tell(on ? "halted" : "resumed", "by", on ? "SIGUSR1" : "SIGUSR2");
    print_table();
  }

  void follow_signals() {
    std::signal(SIGPIPE, SIG_IGN);
    signals_.on(SIGHUP, [this](int) {
      outputs_.reopen();
      reload("SIGHUP");
      renew_api();
    });
    signals_.on(SIGUSR1, [this](int) { halt(true); });
    signals_.on(SIGUSR2, [this](int) { halt(false); });
    signals_.on(SIGTERM, [this](int) { begin_drain(); });
    signals_.on(SIGINT, [this](int) { draining_ ? end_at_once() : begin_drain(); });
  }

  void follow_file() {
    if (options_.no_watch || options_.quick.is_given()) return;
    if (!is_regular(options_.path)) {
      spdlog::info("{} is not a regular file: it is read once, and changes have no effect",
                   options_.path);
      return;
    }
    watches_.watch(included_.watched());
    // Loads a change that happened between the first read and the start of the watch.
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
    // Does nothing if the text is unchanged, since the event may be for another file in the folder.
    // SIGHUP always loads the file.
    if (*text == text_ && why != "SIGHUP" && !included_.changed() && !back) return;
    text_ = *text;
    const auto config = parse(options_.path, *text, included_);
    if (!options_.no_watch) {
      watches_.watch(included_.watched());
      // Loads again if a zone file changed after it was read and before the watch started: the
      // watch does not report this change.
      if (included_.changed()) loop_.post([this] { reload("changed"); });
    }
    if (!config) return not_loaded(why, "the file has errors (`brownout check` lists them)");
    const auto done = live_.set_file({*rules::parse_toml(*text), included_});
    if (!done) {
      complain_of_files(*config, options_.path, *text);
      return not_loaded(why, describe(done.error()));
    }
    tell("loaded", "file", options_.path);
    spdlog::info("{} ({}): {} loaded", options_.path, why,
                 rules::count_of(config->rules.size(), "rule"));
    say_what_differs();
  }

  // Logs which tables of the file the API has changed, since an edit of these tables in the file
  // has no effect.
  void say_what_differs() const {
    const auto names = names_in(live_.overlay());
    if (names.empty()) return;
    spdlog::warn(
        "the active configuration differs from the rule file: {}; the API changed it, and "
        "`brownout ctl reset` restores the file's state",
        rules::printable(names));
  }

  void not_loaded(std::string_view how, const std::string& why) {
    live_.file_refused(why);
    // Reports the same error only once, not at every change in the folder of the rule file. After
    // SIGHUP, always reports it.
    if (std::exchange(unreadable_, why) == why && how != "SIGHUP") return;
    spdlog::error("{} ({}): not loaded, the previous rules stay active: {}", options_.path, how,
                  why);
  }

  // Reads the API's certificate and token files again, since other programs renew these files in
  // place.
  void renew_api() {
    if (!admin_) return;
    if (const auto done = admin_->renew(api_files()); !done) {
      spdlog::error("the API's previous certificate and token stay in use: {}",
                    describe(done.error()));
    }
    if (!options_.toxiproxy_config.empty()) {
      spdlog::info("{} is read at the start only; change its proxies through Toxiproxy's API",
                   options_.toxiproxy_config);
    }
  }

  void begin_drain() {
    if (draining_) return;
    draining_ = true;
    engine_->stop_accepting();
    drain_until_ = rules::later(Loop::now(), settings_.drain);
    if (engine_->open_flows() > 0) {
      spdlog::info("shutdown: waiting up to {} (--drain) for {} to end",
                   rules::to_text(settings_.drain),
                   rules::count_of(engine_->open_flows(), "connection"));
    }
    on_due(Loop::now());
  }

  void end_at_once() {
    ended_at_once_ = true;
    loop_.stop();
  }

  void on_due(Instant now) noexcept override {
    if (!draining_) return begin_drain();
    if (engine_->open_flows() == 0 || now >= drain_until_) return loop_.stop();
    loop_.deadlines().set(*this, std::min(drain_until_, now + std::chrono::milliseconds(20)));
  }

  void print_table() {
    const auto table = rule_table(engine_->rules());
    spdlog::info("what each rule has done so far:");
    print_error(table.empty() ? "no rule is loaded\n" : table);
  }

  void say_what_is_cut() const {
    if (engine_->open_flows() == 0) return;
    const auto left = rules::count_of(engine_->open_flows(), "connection");
    if (ended_at_once_) return spdlog::warn("shutdown: a second Ctrl-C closed {} at once", left);
    spdlog::warn(
        "shutdown: {} still open after {} (--drain) were closed; a longer --drain gives "
        "connections more time to end",
        left, rules::to_text(settings_.drain));
  }

  void report() {
    say_what_is_cut();
    outputs_.unfollow();
    engine_->stop();
    loop_.run_posted();
    print_error(rule_table(engine_->rules()));
    auto idle = engine_->never_matched();
    if (idle.size() > kMostWarnings) {
      spdlog::warn("{} rules matched nothing, {} among them; `brownout explain` shows why",
                   idle.size(), rules::printable(idle.front()));
      idle.clear();
    }
    for (const auto& name : idle) {
      spdlog::warn("rule {} matched nothing; `brownout explain` shows why", rules::printable(name));
    }
    outputs_.finish();
    if (!live_.finish()) {
      spdlog::error(
          "the state file {} lacks the latest changes made by the API, because it could not be "
          "written before the shutdown; make them again after the next start",
          options_.state);
    }
  }

  const RunOptions& options_;
  RunSettings settings_;
  std::string text_;
  IncludedFiles included_;  // files that the rule file names
  std::string unreadable_;  // last error of loading the rule file; "" after success
  bool gone_ = false;       // whether the last read of the rule file failed
  Loop loop_;
  Signals signals_;
  FileWatches watches_{loop_, [this] { reload("changed"); }};
  RunOutputs outputs_;  // declared before engine_, which uses it until engine_ ends
  EventStream stream_{loop_};
  LiveConfig live_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<toxiproxy::Api> toxiproxy_;
  std::unique_ptr<Admin> admin_;
  Instant drain_until_ = kNever;
  bool draining_ = false;
  bool ended_at_once_ = false;  // by a second SIGINT
};

// Finds options that exclude each other.
Result<void> check_together(const RunOptions& options) {
  if (options.output == "json" && (options.events == "-" || options.flows == "-")) {
    return rules::config_error(
        std::string("--output json writes to standard output, and so does ") +
            (options.events == "-" ? "--events -" : "--flows -"),
        "give that a file");
  }
  if (options.api != "off") return {};
  if (!options.api_socket.empty()) {
    return rules::config_error("--api off and --api-socket exclude each other",
                               "for a socket alone, give --api unix:" + options.api_socket);
  }
  if (!options.token_file.empty()) {
    return rules::config_error(
        "--token-file has no effect: it is the token of the API, and --api off serves no API",
        "leave one of them out");
  }
  return {};
}

}  // namespace

int run(const RunOptions& given) {
  auto options = given;
  if (options.quick.is_given()) options.path = "options";
  if (const auto fit = check_together(options); !fit) return fail(fit.error());
  auto text = read_text(options.path, options.quick);
  if (!text) return kBadInput;
  IncludedFiles included;
  const auto config = parse(options.path, *text, included);
  if (!config) return kBadInput;
  if (config->scenario) {
    fmt::print(stderr,
               "{}: error: this is a rehearsal: its rules are active only in its phases\n"
               "     = use `brownout rehearse {}`\n",
               options.path, options.path);
    return kBadInput;
  }
  auto settings = read_settings(options, *config);
  if (!settings) return kBadInput;
  if (const auto claimed = claim_descriptors(options.workers); !claimed) {
    return fail(claimed.error());
  }
  set_up_logging(options.log_level, options.output == "json" ? LogForm::kJson : LogForm::kText);
  return Run(options, std::move(*settings), std::move(*text), std::move(included)).start();
}

}  // namespace brownout::cli
