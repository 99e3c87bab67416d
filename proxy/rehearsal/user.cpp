#include "proxy/rehearsal/user.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "rules/base/valid_text.h"

namespace brownout::rehearsal {

using proxy::monotonic_now;

namespace {

// Limit of the text of a failure, in bytes: part of it may come from a server.
constexpr std::size_t kMostReason = 200;

}  // namespace

User::User(UserSettings settings, std::function<void(const rules::Operation&)> report)
    : settings_(std::move(settings)),
      report_(std::move(report)),
      policy_(*settings_.client.probe, settings_.dice),
      client_(make_probe_client(settings_.client)),
      stopped_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      thread_([this] {
        live();
        participant_.leave();
      }) {}

User::~User() {
  stop();
  join();
}

void User::join() {
  if (thread_.joinable()) thread_.join();
}

void User::stop() {
  constexpr std::uint64_t kOnce = 1;
  static_cast<void>(::write(stopped_.get(), &kOnce, sizeof kOnce));
}

bool User::wait_until(Instant at) {
  pollfd stopped{stopped_.get(), POLLIN, 0};
  return !proxy::wait_ready({&stopped, 1}, at);
}

bool User::idle_until(Instant at) {
  try {
    client_->idle(at);
  } catch (const std::exception&) {
    client_->drop();
  }
  return wait_until(at);
}

void User::live() {
  const auto& probe = *settings_.client.probe;
  const auto every = std::max<Duration>(rules::stretched(probe.every, 1 / settings_.clock.scale),
                                        std::chrono::microseconds(100));
  // Delays the first operation by a random part of the interval, so that the users do not all begin
  // at once.
  auto due = monotonic_now() + rules::stretched(every, settings_.dice.split("begin").unit(0));
  give_up_when_readable(stopped_.get());
  while (idle_until(due)) {
    const auto operation = operate();
    report_(operation);
    // Skips operations that became due while this operation ran.
    due = std::max(due + every, monotonic_now());
  }
}

rules::Operation User::operate() {
  rules::Operation operation;
  operation.probe = settings_.probe;
  operation.user = settings_.client.user;
  operation.began = settings_.clock.at(monotonic_now());
  operation.attempts = 0;
  try {
    attempt_all(operation);
    count_message(operation);
  } catch (const std::exception& problem) {
    client_->drop();
    operation.ended = settings_.clock.at(monotonic_now());
    ++operation.attempts;
    ++operation.failed;
    operation.unable = true;
    operation.why = std::string("internal error of the probe: ") + problem.what();
  }
  return operation;
}

// Tries the probe's endpoints in order until one serves the operation, or until no attempt is left.
void User::attempt_all(rules::Operation& operation) {
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
      operation.unable = false;
      operation.endpoint = static_cast<int>(endpoint);
      policy_.succeeded(operation.ended);
      return;
    }
    if (given_up()) return leave_unfinished(operation);
    const auto next = policy_.failed();
    if (!next) return;
    endpoint = next->endpoint;
    const auto wait = rules::stretched(next->wait, 1 / clock.scale);
    if (!wait_until(monotonic_now() + wait)) return leave_unfinished(operation);
  }
}

// Counts the message of an operation that is one message: lost if no attempt succeeded.
void User::count_message(rules::Operation& operation) {
  if (!client_->counts_one_message()) return;
  operation.sent = std::min<std::int64_t>(operation.sent, 1);
  operation.lost = operation.ok ? 0 : operation.sent;
  messages_ += static_cast<std::uint64_t>(operation.sent);
  if (operation.lost > 0) operation.missing = {messages_};
}

void User::leave_unfinished(rules::Operation& operation) const {
  operation.unfinished = true;
  operation.unable = false;
  operation.ended = settings_.clock.at(monotonic_now());
  operation.why = "not finished when the rehearsal ended";
}

void User::count(const Attempt& attempt, rules::Operation& operation) const {
  operation.attempts += 1 + attempt.retries;
  operation.failed += attempt.retries;
  operation.connects += attempt.connects;
  operation.sent += attempt.sent;
  operation.lost += attempt.lost;
  operation.duplicated += attempt.duplicated;
  operation.reordered += attempt.reordered;
  operation.missing.insert(operation.missing.end(), attempt.missing.begin(), attempt.missing.end());
  // A message of an earlier attempt of the same operation has now arrived, so it is not missing.
  for (const auto number : attempt.found) {
    if (std::erase(operation.missing, number) == 0) operation.found.push_back(number);
  }
  if (attempt.lag) operation.lag = std::max(operation.lag.value_or(0), *attempt.lag);
  for (const auto& [began, ended] : attempt.rebalances) {
    operation.rebalances.push_back({settings_.clock.at(began), settings_.clock.at(ended)});
  }
  if (attempt.ok()) return;
  ++operation.failed;
  operation.why = rules::shortened(attempt.why, kMostReason);
  operation.unable = attempt.unable && (operation.failed == 1 || operation.unable);
}

}  // namespace brownout::rehearsal
