// brownout exec: a command whose every connection goes through the rules.
#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "proxy/cli/commands.h"
#include "proxy/cli/rule_file.h"
#include "proxy/control/console.h"
#include "proxy/control/event_log.h"
#include "proxy/control/rule_report.h"
#include "proxy/engine/engine.h"
#include "proxy/intercept/sandbox.h"
#include "proxy/loop/file_watch.h"

namespace brownout::cli {
namespace {

using namespace brownout::proxy;

// The end of a watch waits for the kernel, some 10 ms (inotify's marks): a command that is over
// sooner than this has none.
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

class Exec {
 public:
  Exec(const ExecOptions& options, std::string text, Sandbox& sandbox)
      : options_(options), text_(std::move(text)), sandbox_(sandbox) {}

  int run(const rules::Config& config) {
    if (!options_.events.empty()) {
      auto log = EventLog::open(options_.events, loop_);
      if (!log) return fail(log.error());
      events_ = std::move(*log);
    }
    take_signals();
    auto engine = Engine::start(loop_, config,
                                {.workers = options_.workers,
                                 .events = events_.get(),
                                 .interception = sandbox_.interception()},
                                sandbox_.take_sockets());
    if (!engine) return fail(engine.error());
    engine_ = std::move(*engine);
    spdlog::info("seed {}{}, {} rules", engine_->seed(), config.seed ? "" : " (drawn)",
                 config.rules.size());
    // What is read from a pipe is read once.
    if (!options_.no_watch && std::filesystem::is_regular_file(options_.path)) {
      loop_.deadlines().set(watch_later_, Loop::now() + kWatchAfter);
    }
    loop_.poller().add_level(sandbox_.ended().get(), ended_);
    if (const auto started = sandbox_.start(); !started) return fail(started.error());
    loop_.run();
    loop_.poller().forget(sandbox_.ended().get());
    loop_.poller().forget(signals_.get());
    const int status = sandbox_.exit_status();
    engine_->stop();
    loop_.run_posted();
    if (options_.summary) {
      const auto table = rule_table(engine_->rules());
      fmt::print(stderr, "{}", table.empty() ? "there are no rules\n" : table);
    }
    return status;
  }

 private:
  struct Ended final : Ready {
    explicit Ended(Loop& one) : loop(one) {}
    void on_ready(std::uint32_t) noexcept override { loop.stop(); }
    Loop& loop;
  };
  struct WatchLater final : Deadline {
    explicit WatchLater(Exec& one) : exec(one) {}
    void on_due(Instant) noexcept override { exec.watch(); }
    Exec& exec;
  };
  struct Signalled final : Ready {
    explicit Signalled(Exec& one) : exec(one) {}
    void on_ready(std::uint32_t) noexcept override { exec.pass_signals_on(); }
    Exec& exec;
  };

  // Before there are workers, who inherit that they have none.
  void take_signals() {
    sigset_t taken;
    sigemptyset(&taken);
    for (const int one : {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH}) {
      sigaddset(&taken, one);
    }
    pthread_sigmask(SIG_BLOCK, &taken, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    // A shell takes the terminal; what is said here must not stop this process.
    std::signal(SIGTTOU, SIG_IGN);
    signals_ = Fd(signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK));
    loop_.poller().add_level(signals_.get(), signalled_);
  }

  void pass_signals_on() {
    signalfd_siginfo info{};
    while (read(signals_.get(), &info, sizeof info) == sizeof info) {
      // What the terminal sends goes to the whole group: the command has it already.
      if (info.ssi_code != SI_KERNEL) sandbox_.signal(static_cast<int>(info.ssi_signo));
    }
  }

  void watch() {
    watch_ = std::make_unique<FileWatch>(loop_, options_.path, [this] { reload(); });
    reload();
  }

  void reload() {
    const auto text = read_text(options_.path);
    if (!text || *text == text_) return;
    text_ = *text;
    const auto config = parse_for_exec(options_.path, text_);
    if (!config) return spdlog::error("{}: not loaded, the rules before stay", options_.path);
    if (const auto done = engine_->reload(*config); !done) {
      return spdlog::error("{}: not loaded, the rules before stay: {}", options_.path,
                           describe(done.error()));
    }
    spdlog::info("{}: {} rules loaded", options_.path, config->rules.size());
  }

  const ExecOptions& options_;
  std::string text_;
  Sandbox& sandbox_;
  Loop loop_;
  Fd signals_;
  Signalled signalled_{*this};
  Ended ended_{loop_};
  WatchLater watch_later_{*this};
  std::unique_ptr<FileWatch> watch_;
  std::unique_ptr<EventLog> events_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace

int exec(ExecOptions options) {
  auto text = read_text(options.path);
  if (!text) return kBadInput;
  const auto config = parse_for_exec(options.path, *text);
  if (!config) return kBadInput;
  if (config->scenario) {
    fmt::print(stderr, "{}: error: this is a rehearsal: use `brownout rehearse {}`\n", options.path,
               options.path);
    return kBadInput;
  }
  options.workers = std::min<unsigned>(options.workers, Sandbox::kMostWorkers);
  raise_descriptor_limit();
  // It forks, so there must be no threads yet.
  auto sandbox = Sandbox::make(ports_of(*config), options.workers, options.command);
  if (!sandbox) {
    fmt::print(stderr, "error: {}\n", describe(sandbox.error()));
    return sandbox.error().origin == rules::Origin::kConfig ? kStopped : kFailed;
  }
  set_up_logging(options.log_level);
  return Exec(options, std::move(*text), **sandbox).run(*config);
}

}  // namespace brownout::cli
