#include "rules/chance/overload_model.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace brownout::rules {
namespace {

// Maximum number of simulated retries that wait to be sent. Requests that fail beyond this limit
// are not retried.
constexpr std::size_t kMostWaiting = 100'000;
// Shape parameter of the Pareto distribution in netem's table: the mean is 1.5 times the minimum,
// and the variance is finite.
constexpr double kParetoShape = 3;

double exponential(double u) { return -std::log1p(-u); }

}  // namespace

double OverloadSettings::capacity() const {
  return static_cast<double>(concurrency) / std::chrono::duration<double>(service).count();
}

OverloadModel::OverloadModel(const OverloadSettings& settings, const Dice& dice, Load load,
                             double most_load, Instant began)
    : settings_(settings),
      dice_(dice.split("phantom")),
      services_(dice.split("service")),
      load_(std::move(load)),
      most_load_(most_load),
      queue_(settings.concurrency, settings.queue) {
  next_phantom(began);
}

Duration OverloadModel::draw_service(const Dice& dice, std::uint64_t event) const {
  const auto mean = static_cast<double>(settings_.service.count());
  const double u = dice.unit(event);
  switch (settings_.distribution) {
    case ServiceTime::kConstant:
      return settings_.service;
    case ServiceTime::kUniform:
      return rounded(2 * mean * u);
    case ServiceTime::kPareto:
      return rounded(mean * (kParetoShape - 1) / kParetoShape * std::pow(1 - u, -1 / kParetoShape));
    case ServiceTime::kExponential:
      break;
  }
  return rounded(mean * exponential(u));
}

// Schedules the next candidate for a simulated ("phantom") request, by thinning (Lewis and Shedler,
// 1979). Candidates arrive at the rate of most_load_, and follow() accepts each with probability
// load(t) / most_load_.
void OverloadModel::next_phantom(Instant from) {
  if (most_load_ <= 0) return;
  const double mean_gap = 1e9 / (settings_.capacity() * most_load_);
  next_ = later(from, rounded(mean_gap * exponential(dice_.unit(draws_++))));
}

void OverloadModel::phantom_arrives(Instant now, std::int64_t attempt) {
  ++phantoms_.arrived;
  if (attempt > 0) ++phantoms_.retries;
  const Duration service = draw_service(dice_, draws_++);
  const auto outcome = queue_.arrive(now, service);
  const Duration took = sum(outcome.wait, service);
  if (outcome.accepted && took <= settings_.patience) return;
  ++phantoms_.failed;
  if (attempt >= settings_.retries || retries_.size() >= kMostWaiting) return;
  // Multiply the pause by 0.5 to 1.5, so that requests that failed together are not retried
  // together.
  const double jitter = 0.5 + dice_.unit(draws_++);
  const Instant noticed = outcome.accepted ? later(now, settings_.patience) : now;
  const auto pause = rounded(static_cast<double>(settings_.retry_after.count()) * jitter);
  retries_.push_back({later(noticed, pause), attempt + 1});
  std::push_heap(retries_.begin(), retries_.end(), std::greater<>{});
}

void OverloadModel::advance(Instant now) {
  constexpr auto kHalf = kMostSteps / 2;
  if (!follow(now, kHalf)) {
    // The time since the last request has too many events to simulate. Simulate its last part only,
    // so that the length of the queue reflects the load shortly before `now`.
    const auto tail = rounded(kHalf * 1e9 / (settings_.capacity() * std::max(most_load_, 1e-9)));
    const Instant at = next_event();
    if (now - at > tail) postpone(now - at - tail);
    if (!follow(now, kHalf)) postpone(now - next_event());
  }
  queue_.advance(now);
}

Instant OverloadModel::next_event() const {
  return retries_.empty() ? next_ : std::min(next_, retries_.front().at);
}

void OverloadModel::postpone(Duration gap) {
  if (gap <= Duration::zero()) return;
  next_ = later(next_, gap);
  for (auto& retry : retries_) retry.at = later(retry.at, gap);
  queue_.postpone(gap);
}

bool OverloadModel::follow(Instant now, int steps) {
  for (; next_event() <= now; --steps) {
    if (steps == 0) return false;
    const Instant at = next_event();
    if (!retries_.empty() && retries_.front().at <= next_) {
      const auto attempt = retries_.front().attempt;
      std::pop_heap(retries_.begin(), retries_.end(), std::greater<>{});
      retries_.pop_back();
      phantom_arrives(at, attempt);
      continue;
    }
    if (dice_.unit(draws_++) * most_load_ < load_(at)) phantom_arrives(at, 0);
    next_phantom(at);
  }
  return true;
}

OverloadModel::Outcome OverloadModel::arrive(Instant now, std::uint64_t event, bool anyway) {
  advance(now);
  const Duration service = draw_service(services_, event);
  const auto outcome = anyway ? queue_.arrive_anyway(now, service) : queue_.arrive(now, service);
  return {outcome.accepted, outcome.wait, service, outcome.in_system};
}

}  // namespace brownout::rules
