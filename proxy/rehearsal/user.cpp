#include "proxy/rehearsal/user.h"

#include <algorithm>

#include "proxy/loop/deadlines.h"

namespace brownout::rehearsal {

using proxy::monotonic_now;

User::User(UserSettings settings, std::function<void(const rules::Operation&)> report)
    : settings_(std::move(settings)),
      report_(std::move(report)),
      policy_(*settings_.client.probe, settings_.dice),
      client_(make_probe_client(settings_.client)),
      thread_([this](const std::stop_token& stop) { live(stop); }) {}

bool User::wait_until(const std::stop_token& stop, Instant at) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    const auto left = at - monotonic_now();
    if (left <= Duration::zero()) return true;
    wake_.wait_for(lock, stop, left, [] { return false; });
  }
  return false;
}

void User::live(const std::stop_token& stop) {
  const auto& probe = *settings_.client.probe;
  const auto every = std::max<Duration>(rules::stretched(probe.every, 1 / settings_.clock.scale),
                                        std::chrono::microseconds(100));
  // Users do not begin all at once.
  auto due = monotonic_now() + rules::stretched(every, settings_.dice.split("begin").unit(0));
  while (wait_until(stop, due)) {
    const auto operation = operate(stop);
    if (stop.stop_requested() && !operation.ok) return;
    report_(operation);
    // What was missed meanwhile is not made up for.
    due = std::max(due + every, monotonic_now());
  }
}

rules::Operation User::operate(const std::stop_token& stop) {
  rules::Operation operation;
  operation.probe = settings_.probe;
  operation.user = settings_.client.user;
  operation.began = settings_.clock.at(monotonic_now());
  operation.attempts = 0;
  try {
    attempt_all(stop, operation);
  } catch (const std::exception& problem) {
    client_->drop();
    operation.ended = settings_.clock.at(monotonic_now());
    ++operation.attempts;
    ++operation.failed;
    operation.why = std::string("the probe itself failed: ") + problem.what();
  }
  return operation;
}

// At one endpoint after the other, until one serves it or the plan is at its end.
void User::attempt_all(const std::stop_token& stop, rules::Operation& operation) {
  const auto& clock = settings_.clock;
  auto endpoint = policy_.begin(operation.began);
  if (!settings_.client.probe->reuse) client_->drop();
  while (true) {
    if (endpoint != connected_to_) client_->drop();
    connected_to_ = endpoint;
    const auto start = monotonic_now();
    const auto deadline = start + settings_.client.probe->timeout;
    const auto target = settings_.targets.empty() ? Target{} : settings_.targets[endpoint];
    const auto attempt = client_->attempt(target, deadline);
    const auto end = monotonic_now();
    count(attempt, operation);
    operation.took = end - start;
    operation.ended = clock.at(end);
    if (attempt.ok()) {
      operation.ok = true;
      operation.endpoint = static_cast<int>(endpoint);
      policy_.succeeded(operation.ended);
      return;
    }
    const auto next = policy_.failed();
    if (!next) return;
    endpoint = next->endpoint;
    const auto wait = rules::stretched(next->wait, 1 / clock.scale);
    if (!wait_until(stop, monotonic_now() + wait)) return;
  }
}

void User::count(const Attempt& attempt, rules::Operation& operation) const {
  ++operation.attempts;
  operation.connects += attempt.connects;
  operation.sent += attempt.sent;
  operation.lost += attempt.lost;
  operation.duplicated += attempt.duplicated;
  operation.reordered += attempt.reordered;
  if (attempt.ok()) return;
  ++operation.failed;
  operation.why = attempt.why;
}

}  // namespace brownout::rehearsal
