// brownout exec: runs a command and passes all its connections through the rules.
#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <utility>

#include "proxy/cli/commands.h"
#include "proxy/cli/exec_without_rules.h"
#include "proxy/cli/rule_file.h"
#include "proxy/control/process.h"
#include "proxy/engine/engine.h"
#include "proxy/formats/json_text.h"
#include "proxy/intercept/command_trust.h"
#include "proxy/intercept/sandbox.h"
#include "proxy/loop/file_watch.h"
#include "proxy/loop/read_file.h"
#include "proxy/observe/console.h"
#include "proxy/observe/event_log.h"
#include "proxy/observe/rule_report.h"
#include "proxy/observe/wall_time.h"
#include "rules/language/decrypted.h"

namespace brownout::cli {
namespace {

using namespace brownout::proxy;

// Ending an inotify watch blocks for about 10 ms. So the rule file is watched only once the command
// has run for this time, and short commands are not slowed down.
constexpr Duration kWatchAfter = std::chrono::milliseconds(500);

std::vector<Sandbox::Port> ports_of(const rules::Config& config) {
  std::vector<Sandbox::Port> ports;
  for (const auto& listener : config.listeners) {
    if (!listener.enabled || listener.intercept == rules::Intercept::kNone) continue;
    ports.push_back(
        {listener.name, takes_connections(listener), takes_datagrams(listener), listener.ports});
  }
  return ports;
}

bool decrypts_any(const rules::Config& config) {
  return std::any_of(config.listeners.begin(), config.listeners.end(),
                     [&](const auto& listener) { return may_decrypt(config, listener); });
}

// The temporary CA of one run of `exec`, and the settings that make the command trust it. Empty if
// no rule needs decrypted TLS; the command's environment then stays unchanged.
struct Trust {
  std::shared_ptr<const tls::Authority> authority;
  std::unique_ptr<CommandTrust> command;
};

rules::Result<Trust> make_trust(const rules::Config& config) {
  Trust trust;
  if (!decrypts_any(config)) return trust;
  trust.authority = std::make_shared<const tls::Authority>(tls::Authority::temporary());
  auto cas = trust.authority->pem();
  for (const auto& listener : config.listeners) {
    // Ignores an unreadable CA folder here, since the engine reports it.
    if (!listener.decrypts() || listener.tls->ca.empty()) continue;
    cas += read_regular(listener.tls->ca + "/ca.pem").value_or("");
  }
  auto command = CommandTrust::make(cas);
  if (!command) return tl::unexpected(command.error());
  trust.command = std::move(*command);
  return trust;
}

class Exec {
 public:
  // `flows` receives each flow as a line of `run --flows`; may be null.
  Exec(const ExecOptions& options, std::string text, IncludedFiles included, Sandbox& sandbox,
       const Trust& trust, EventSink* flows = nullptr)
      : options_(options),
        text_(std::move(text)),
        included_(std::move(included)),
        sandbox_(sandbox),
        authority_(trust.authority),
        without_nss_(trust.command ? trust.command->without_nss() : std::string()),
        flows_(flows) {}

  int run(const rules::Config& config) {
    if (!options_.events.empty()) {
      auto log = EventLog::open(options_.events);
      if (!log) return fail(log.error());
      events_ = std::move(*log);
    }
    tell_of_nss();
    take_signals();
    auto engine = Engine::start(loop_, config,
                                {.workers = options_.workers,
                                 .events = events_.get(),
                                 .flows = flows_,
                                 .interception = sandbox_.interception(),
                                 .packet_filter = sandbox_.packet_filter(),
                                 .authority = authority_,
                                 .decrypt = authority_ != nullptr},
                                sandbox_.take_sockets());
    if (!engine && complain_of_files(config, options_.path, text_, true)) return kBadInput;
    if (!engine) return fail(engine.error());
    engine_ = std::move(*engine);
    spdlog::info("seed {}{}, {}", engine_->seed(), config.seed ? "" : " (drawn)",
                 rules::count_of(config.rules.size(), "rule"));
    // Only a regular file is watched for changes, since a pipe can be read only once.
    if (!options_.no_watch && is_regular(options_.path)) {
      loop_.deadlines().set(watch_later_, Loop::now() + kWatchAfter);
    }
    loop_.poller().add_level(sandbox_.ended().get(), ended_);
    if (const auto started = sandbox_.start(); !started) return fail(started.error());
    loop_.run();
    loop_.poller().forget(sandbox_.ended().get());
    loop_.poller().forget(signals_.get());
    engine_->stop();
    loop_.run_posted();
    const int status = sandbox_.exit_status();
    if (events_) events_->finish();
    if (options_.summary) {
      const auto table = rule_table(engine_->rules());
      print_error(table.empty() ? "no rule is loaded\n" : table);
    }
    return status;
  }

 private:
  struct Ended final : Ready {
    explicit Ended(Loop& stopped) : loop(stopped) {}
    void on_ready(std::uint32_t) noexcept override { loop.stop(); }
    Loop& loop;
  };
  struct WatchLater final : Deadline {
    explicit WatchLater(Exec& owner) : exec(owner) {}
    void on_due(Instant) noexcept override { exec.watch(); }
    Exec& exec;
  };
  struct Signalled final : Ready {
    explicit Signalled(Exec& owner) : exec(owner) {}
    void on_ready(std::uint32_t) noexcept override { exec.pass_signals_on(); }
    Exec& exec;
  };

  // Receives signals by a descriptor. Call before the worker threads start, so that they inherit
  // the blocked signals.
  void take_signals() {
    sigset_t taken;
    sigemptyset(&taken);
    for (const int number : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH}) {
      sigaddset(&taken, number);
    }
    pthread_sigmask(SIG_BLOCK, &taken, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    // A shell under test may become the terminal's foreground process. Ignoring SIGTTOU keeps this
    // process running when it then writes to the terminal.
    std::signal(SIGTTOU, SIG_IGN);
    signals_ = Fd(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
    loop_.poller().add_level(signals_.get(), signalled_);
  }

  // Prints why Chromium would reject the certificates. Only a note, since the command may not use
  // Chromium at all.
  void tell_of_nss() const {
    if (without_nss_.empty()) return;
    const auto why =
        "programs that use NSS (Chromium, for example) will reject Brownout's certificates, "
        "because no NSS database could be made: " +
        without_nss_;
    spdlog::info(why);
    if (!events_) return;
    const nlohmann::ordered_json event{
        {"time", wall_time()}, {"event", "no NSS database"}, {"why", why}};
    events_->submit(codecs::json_text(event) + "\n");
  }

  void pass_signals_on() {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == sizeof info) {
      // A signal from the terminal goes to the whole process group, so the user's command has
      // received it already.
      if (info.ssi_code != SI_KERNEL) sandbox_.signal(static_cast<int>(info.ssi_signo));
    }
  }

  void watch() {
    watches_.watch(included_.watched());
    reload();
  }

  void reload() {
    const auto text = read_regular(options_.path);
    if (!text) return not_loaded(text.error().what);
    unreadable_.clear();
    if (*text == text_ && !included_.changed()) return;
    text_ = *text;
    const auto config = parse_for_exec(options_.path, text_, included_);
    watches_.watch(included_.watched());
    // Loads again if a zone file changed after it was read and before the watch started: the watch
    // does not report this change.
    if (included_.changed()) loop_.post([this] { reload(); });
    if (!config) return not_loaded("the file has errors (`brownout check --exec` lists them)");
    if (const auto done = engine_->reload(*config); !done) {
      complain_of_files(*config, options_.path, text_, true);
      return not_loaded(describe(done.error()));
    }
    spdlog::info("{}: {} loaded", options_.path, rules::count_of(config->rules.size(), "rule"));
    if (authority_ || !decrypts_any(*config)) return;
    spdlog::warn(
        "{}: the reloaded rules match requests inside TLS, but TLS is not decrypted: the command "
        "trusts Brownout's CA only if the file has such a rule when the command starts; start "
        "`brownout exec` again",
        options_.path);
  }

  void not_loaded(const std::string& why) {
    // Reports the same error only once: every change in the folder of the rule file leads to
    // another attempt to load it.
    if (std::exchange(unreadable_, why) == why) return;
    spdlog::error("{}: not loaded, the previous rules stay active: {}", options_.path, why);
  }

  const ExecOptions& options_;
  std::string text_;
  IncludedFiles included_;  // files that the rule file names
  std::string unreadable_;  // the last error of loading the rule file
  Sandbox& sandbox_;
  std::shared_ptr<const tls::Authority> authority_;
  const std::string without_nss_;  // why programs that use NSS do not trust the CA, or ""
  EventSink* flows_;
  Loop loop_;
  Fd signals_;
  Signalled signalled_{*this};
  Ended ended_{loop_};
  WatchLater watch_later_{*this};
  FileWatches watches_{loop_, [this] { reload(); }};
  std::unique_ptr<EventLog> events_;
  std::unique_ptr<Engine> engine_;
};

// Fails if there are too few file descriptors. Leaves the limit as it was, since Sandbox::make
// reads the limit later for the command.
rules::Result<void> check_descriptors(unsigned workers) {
  rlimit callers{};
  getrlimit(RLIMIT_NOFILE, &callers);
  auto claimed = claim_descriptors(workers);
  setrlimit(RLIMIT_NOFILE, &callers);
  return claimed;
}

// Runs the command. `text` must be a valid rule file without a rehearsal.
int run_command(ExecOptions options, std::string text, IncludedFiles included,
                const rules::Config& config, EventSink* flows) {
  options.workers = std::min<unsigned>(options.workers, Sandbox::kMostWorkers);
  if (const auto enough = check_descriptors(options.workers); !enough) return fail(enough.error());
  const auto trust = make_trust(config);
  if (!trust) return fail(trust.error());
  // make() forks, so no thread may exist yet.
  auto sandbox = Sandbox::make(ports_of(config), options.workers, options.command,
                               trust->command ? trust->command->surroundings() : Surroundings());
  if (!sandbox) {
    fmt::print(stderr, "error: {}\n", describe(sandbox.error()));
    return sandbox.error().origin == rules::Origin::kConfig ? kStopped : kFailed;
  }
  set_up_logging(options.log_level);
  return Exec(options, std::move(text), std::move(included), **sandbox, *trust, flows).run(config);
}

}  // namespace

int exec(ExecOptions options) {
  auto text = read_text(options.path);
  if (!text) return kBadInput;
  IncludedFiles included;
  const auto config = parse_for_exec(options.path, *text, included);
  if (!config) return kBadInput;
  if (config->scenario) {
    fmt::print(stderr, "{}: error: this is a rehearsal: use `brownout rehearse {}`\n", options.path,
               options.path);
    return kBadInput;
  }
  return run_command(std::move(options), std::move(*text), std::move(included), *config, nullptr);
}

int exec_without_rules(std::vector<std::string> command, EventSink& flows) {
  ExecOptions options;
  options.path = "no rules";
  options.command = std::move(command);
  options.no_watch = true;
  IncludedFiles included;
  const auto config = parse_for_exec(options.path, "", included);
  if (!config) return kBadInput;
  return run_command(std::move(options), "", std::move(included), *config, &flows);
}

}  // namespace brownout::cli
