// Runner: a rehearsal as it happens. A proxy with the rules of each phase in turn, synthetic users
// on threads of their own, and the conductor that says what comes next; at the end, what was seen.
//
// Runs on the caller's thread until it is over. SIGINT, SIGTERM, SIGQUIT and SIGHUP (unless that
// was ignored, as nohup has it) halt it, and recovery runs; a second one ends it at once. SIGUSR1
// halts it, too, and never more than that; SIGUSR2 does nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "proxy/embedded/messaging_server.h"
#include "proxy/engine/engine.h"
#include "proxy/loop/signals.h"
#include "proxy/rehearsal/descendants.h"
#include "proxy/rehearsal/traffic_log.h"
#include "proxy/rehearsal/user.h"
#include "rules/language/config.h"
#include "rules/rehearsal/conductor.h"
#include "rules/rehearsal/verdict.h"

namespace brownout::rehearsal {

struct RunnerOptions {
  unsigned workers = 2;
  bool force = false;  // goes on when it is broken before it begins
  // Servers by the names that the file has for them, where others stand in.
  std::map<std::string, std::string> known_as;
  // Every now and then, while it runs: for a live view.
  std::function<void(const class Runner&)> on_tick;
  std::function<void(const std::string& phase)> on_phase;
  // It is halted: why, and what happens until it ends.
  std::function<void(const std::string& what)> on_halt;
};

struct Course {
  rules::Measurements seen;
  std::uint64_t seed = 0;
  std::string stopped;                     // why it was halted or did not begin; empty: it was not
  std::vector<std::string> never_matched;  // of the rules that should have
};

class Runner final : private proxy::Deadline {
 public:
  // `config` has a scenario, and is borrowed.
  Runner(const rules::Config& config, RunnerOptions options);
  ~Runner() override;

  // An error: it did not begin.
  rules::Result<Course> run();

  // For a live view, in on_tick.
  const rules::Scenario& scenario() const { return *config_.scenario; }
  const rules::Measurements& seen() const { return course_.seen; }
  const std::vector<rules::PhaseInterval>& phases() const { return conductor_.phases(); }
  Duration now() const { return clock_.at(proxy::monotonic_now()); }

 private:
  void on_due(Instant now) noexcept override;
  rules::Result<void> listen_for_alerts();
  rules::Result<void> check_limits() const;
  rules::Result<void> start_users();
  rules::Result<void> start_users_of(std::uint32_t number);
  std::string start_user(const UserSettings& settings);
  void stop_on_signals();
  void interrupt();
  void halt(const std::string& why);
  void stop_loop();
  void tell_halt();
  Target target_of(const std::string& endpoint) const;
  std::optional<rules::IpAddress> address_of_user(std::size_t probe,
                                                  const std::vector<Target>& targets) const;
  void take_news();
  void sum_up_news(Duration until = Duration::max());
  void look_at_traffic();
  void look_at_rules();
  void check_steady();
  void enter(std::optional<std::size_t> phase);
  void finish();

  const rules::Config& config_;
  RunnerOptions options_;
  rules::Conductor conductor_;
  ScenarioClock clock_;
  proxy::Loop loop_;
  proxy::Signals signals_;
  TrafficLog traffic_;
  std::unique_ptr<proxy::Engine> engine_;
  Course course_;
  bool steady_checked_ = false;
  std::optional<Duration> interrupted_at_;
  bool abandoned_ = false;  // interrupted again
  bool halt_told_ = false;

  std::mutex mutex_;  // what users and workers tell
  std::vector<rules::Operation> told_operations_;
  std::vector<rules::Alert> told_alerts_;

  std::vector<rules::Operation> news_;  // since the conductor was last asked

  std::map<std::string, std::pair<const rules::RuleState*, std::uint64_t>> injected_;
  std::map<std::string, bool> matched_;
  std::unique_ptr<proxy::MessagingServer> alerts_;
  std::unique_ptr<Descendants> processes_;               // null without an exec probe
  std::optional<proxy::VirtualTime::Participant> held_;  // from the end of the loop to theirs
  Instant reaped_{};
  std::vector<std::unique_ptr<User>> users_;
};

}  // namespace brownout::rehearsal
