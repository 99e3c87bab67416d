// User: one synthetic user of a rehearsal, on its own thread. It repeats the operation that a
// [[probe]] of the rule file describes, as a real client would. After a failure it retries as the
// probe's keys say, also at other endpoints. The runner of the rehearsal owns its users.
#pragma once

#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "proxy/loop/clock.h"
#include "proxy/loop/fd.h"
#include "proxy/rehearsal/probe_client.h"
#include "rules/rehearsal/client_policy.h"
#include "rules/rehearsal/measurements.h"

namespace brownout::rehearsal {

// Converts between real time and scenario time, the time that the scenario file uses. Scenario time
// is real time since the first phase began, multiplied by `scale` (the scenario's time_scale).
struct ScenarioClock {
  Instant zero{};  // real time when the first phase began
  double scale = 1;

  Duration at(Instant now) const { return rules::stretched(now - zero, scale); }
  // Returns the real time of an instant of the scenario. Rounds up, so that at(real(t)) >= t even
  // while virtual time stands still.
  Instant real(Duration scenario) const {
    return zero + rules::stretched(scenario, 1 / scale) + Duration(1);
  }
};

struct UserSettings {
  std::uint32_t probe = 0;
  ScenarioClock clock;
  std::vector<Target> targets;  // the servers to try, one for each endpoint of the probe
  ClientSettings client;
  rules::Dice dice;
};

class User {
 public:
  // Calls `report` with each operation, on the user's thread.
  User(UserSettings settings, std::function<void(const rules::Operation&)> report);
  // Waits until the user has ended.
  ~User();
  // Ends the user: its wait in progress ends at once, and its operation is reported as unfinished.
  void stop();
  // Waits until the user has ended. Its connection stays open until the destructor.
  void join();

 private:
  void live();
  // Performs one operation. Catches all exceptions, so that the rehearsal always reaches its
  // recovery phase.
  rules::Operation operate();
  void attempt_all(rules::Operation& operation);
  void count_message(rules::Operation& operation);
  void leave_unfinished(rules::Operation& operation) const;
  void count(const Attempt& attempt, rules::Operation& operation) const;
  // Waits until the time `at`. Returns false if the user must end.
  bool wait_until(Instant at);
  // Like wait_until(), and lets the client serve its connection meanwhile.
  bool idle_until(Instant at);

  UserSettings settings_;
  std::function<void(const rules::Operation&)> report_;
  rules::ClientPolicy policy_;
  // Number of messages sent so far, for kinds whose operation is one message.
  std::uint64_t messages_ = 0;
  std::unique_ptr<ProbeClient> client_;
  std::size_t connected_to_ = 0;
  proxy::Fd stopped_;  // an eventfd, readable once the user must end
  proxy::VirtualTime::Participant participant_;
  std::thread thread_;
};

}  // namespace brownout::rehearsal
