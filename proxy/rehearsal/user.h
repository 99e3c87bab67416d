// User: one synthetic user on a thread of its own. Does what its probe says, again and again, and
// at each failure what its contingency plan says.
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

// Real time to that of the scenario.
struct ScenarioClock {
  Instant zero{};  // when the first phase begins
  double scale = 1;

  Duration at(Instant now) const { return rules::stretched(now - zero, scale); }
  // Rounded up: at() of it is never before `scenario`, not even while virtual time stands still.
  Instant real(Duration scenario) const {
    return zero + rules::stretched(scenario, 1 / scale) + Duration(1);
  }
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
  // The destructor waits until it has ended.
  ~User();
  // Tells it to end: what it waits for is given up, and its operation is reported as unfinished.
  void stop();
  // Waits until it has ended; its connection is still open then.
  void join();

 private:
  void live();
  // Whatever happens in it, the rehearsal goes on to its recovery.
  rules::Operation operate();
  void attempt_all(rules::Operation& operation);
  void count_message(rules::Operation& operation) const;
  void leave_unfinished(rules::Operation& operation) const;
  void count(const Attempt& attempt, rules::Operation& operation) const;
  // False when it is to end.
  bool wait_until(Instant at);

  UserSettings settings_;
  std::function<void(const rules::Operation&)> report_;
  rules::ClientPolicy policy_;
  std::unique_ptr<ProbeClient> client_;
  std::size_t connected_to_ = 0;
  proxy::Fd stopped_;  // an eventfd: readable when it is to end
  proxy::VirtualTime::Participant participant_;
  std::thread thread_;
};

}  // namespace brownout::rehearsal
