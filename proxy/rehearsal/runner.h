// Runner: performs a rehearsal, that is a rule file's scenario of phases. The command that runs the
// rehearsal owns one.
//
// Runs a proxy with the rules of each phase, and synthetic users on their own threads. The users
// repeat the operations that the file describes as [[probe]]. The conductor
// (rules/rehearsal/conductor.h) selects the phase. run() returns the measurements.
//
// run() blocks the caller's thread until the rehearsal is over. SIGINT, SIGTERM, SIGQUIT and SIGHUP
// (unless ignored, as under nohup) halt it: all faults end, and the recovery phase runs. A second
// such signal ends it at once. SIGUSR1 also halts it, but never ends it; SIGUSR2 has no effect.
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
  bool force = false;  // run even if the steady state before the outage is not met
  // For each embedded server's address, the name of the server that it replaces.
  std::map<std::string, std::string> known_as;
  // Called after the proxy has started and before the users start. An error ends the rehearsal.
  std::function<rules::Result<void>()> on_start;
  // Called at every check of the measurements, several times a second, so that a live view can be
  // redrawn.
  std::function<void(const class Runner&)> on_tick;
  std::function<void(const std::string& phase)> on_phase;
  // Called when the rehearsal halts. `what` says why it halts, and what happens until its end.
  std::function<void(const std::string& what)> on_halt;
};

struct Course {
  rules::Measurements seen;
  std::uint64_t seed = 0;
  // Why the rehearsal was halted, or ended before its first phase. Empty if it ran to its end.
  std::string stopped;
  std::vector<std::string> never_matched;  // rules that should have matched traffic but did not
};

class Runner final : private proxy::Deadline {
 public:
  // `config` must contain a scenario, and must outlive this object.
  Runner(const rules::Config& config, RunnerOptions options);
  ~Runner() override;

  // Sets the sink for events about injected faults and flows; borrowed. Call before run().
  void set_events(proxy::EventSink* events) { events_ = events; }
  // An error means that the rehearsal did not begin.
  rules::Result<Course> run();

  // The state of the rehearsal, which on_tick may read to draw a live view. now() is scenario time:
  // real time since the first phase began, multiplied by the scenario's time_scale.
  const rules::Scenario& scenario() const { return *config_.scenario; }
  const rules::Measurements& seen() const { return course_.seen; }
  const std::vector<rules::PhaseInterval>& phases() const { return conductor_.phases(); }
  // Present scenario time (user.h): negative before the first phase.
  Duration now() const { return clock_.at(proxy::monotonic_now()); }
  const std::string& why_halted() const { return conductor_.why(); }

  // Ends all faults; the recovery phase follows.
  void halt(const std::string& why);
  proxy::Loop& loop() { return loop_; }
  proxy::Engine& engine() { return *engine_; }  // exists from the call of on_start

 private:
  void on_due(Instant now) noexcept override;
  rules::Result<void> listen_for_alerts();
  rules::Result<void> check_limits() const;
  rules::Result<void> begin();
  rules::Result<void> start_users();
  rules::Result<void> start_users_of(std::uint32_t number);
  std::string start_user(const UserSettings& settings);
  void stop_on_signals();
  void interrupt();
  void stop_loop();
  void report_halt();
  Target target_of(const std::string& endpoint) const;
  std::optional<rules::IpAddress> address_of_user(std::size_t probe,
                                                  const std::vector<Target>& targets) const;
  void collect_reports();
  void tally_operations(Duration until = Duration::max());
  void record_traffic();
  void record_injections();
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
  proxy::EventSink* events_ = nullptr;
  std::unique_ptr<proxy::Engine> engine_;
  Course course_;
  bool steady_checked_ = false;
  std::optional<Duration> interrupted_at_;
  bool abandoned_ = false;  // a second signal ended the recovery phase early
  bool halt_reported_ = false;

  std::mutex mutex_;  // guards the two members below, to which users and workers report
  std::vector<rules::Operation> reported_operations_;
  std::vector<rules::Alert> reported_alerts_;

  // operations that tally_operations() has not counted yet
  std::vector<rules::Operation> untallied_;

  std::map<std::string, std::pair<const rules::RuleState*, rules::FaultCounts>> injected_;
  std::map<std::string, bool> matched_;
  std::unique_ptr<proxy::MessagingServer> alerts_;
  std::unique_ptr<Descendants> processes_;  // starts commands; null if no probe is of the kind exec
  // If set, virtual time stands still until all users have ended.
  std::optional<proxy::VirtualTime::Participant> held_;
  Instant reaped_{};
  std::vector<std::unique_ptr<User>> users_;
};

}  // namespace brownout::rehearsal
