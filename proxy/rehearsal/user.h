// User: one synthetic user on a thread of its own. Does what its probe says, again and again, and
// at each failure what its contingency plan says.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "proxy/rehearsal/probe_client.h"
#include "rules/rehearsal/client_policy.h"
#include "rules/rehearsal/measurements.h"

namespace brownout::rehearsal {

// Real time to that of the scenario.
struct ScenarioClock {
  Instant zero{};  // when the first phase begins
  double scale = 1;

  Duration at(Instant now) const { return rules::stretched(now - zero, scale); }
  Instant real(Duration scenario) const { return zero + rules::stretched(scenario, 1 / scale); }
};

struct UserSettings {
  std::uint32_t probe = 0;
  ScenarioClock clock;
  std::vector<Target> targets;  // as many as the probe has endpoints
  ClientSettings client;
  rules::Dice dice;
};

class User {
 public:
  // `report` is called on the user's thread.
  User(UserSettings settings, std::function<void(const rules::Operation&)> report);
  // Tells it to end; the destructor waits until it has.
  void stop() { thread_.request_stop(); }

 private:
  void live(const std::stop_token& stop);
  // Whatever happens in it, the rehearsal goes on to its recovery.
  rules::Operation operate(const std::stop_token& stop);
  void attempt_all(const std::stop_token& stop, rules::Operation& operation);
  void count(const Attempt& attempt, rules::Operation& operation) const;
  // False when it is to end.
  bool wait_until(const std::stop_token& stop, Instant at);

  UserSettings settings_;
  std::function<void(const rules::Operation&)> report_;
  rules::ClientPolicy policy_;
  std::unique_ptr<ProbeClient> client_;
  std::size_t connected_to_ = 0;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace brownout::rehearsal
