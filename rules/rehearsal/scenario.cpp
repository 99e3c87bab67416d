#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

Unit unit_of(Metric metric) {
  switch (metric) {
    case Metric::kAvailability:
    case Metric::kShare:
      return Unit::kShare;
    case Metric::kLatencyP50:
    case Metric::kLatencyP99:
    case Metric::kTimeToDetect:
    case Metric::kTimeToFailover:
    case Metric::kTimeToRecover:
    case Metric::kRebalanceTime:
    case Metric::kRebalanceTotal:
    case Metric::kAlert:
      return Unit::kTime;
    case Metric::kMessagesLost:
    case Metric::kDuplicated:
    case Metric::kReordered:
    case Metric::kLag:
    case Metric::kRuleHits:
    case Metric::kCameBackEarly:
      return Unit::kCount;
    case Metric::kReconnectRate:
    case Metric::kAttemptRate:
      break;
  }
  return Unit::kRate;
}

Duration Scenario::length() const {
  Duration total{};
  for (const auto& phase : phases) total += phase.length;
  return total;
}

Duration Scenario::phase_begin(std::size_t phase) const {
  Duration begin{};
  for (std::size_t i = 0; i < phase; ++i) begin += phases[i].length;
  return begin;
}

std::size_t Scenario::users() const {
  std::size_t total = 0;
  for (const auto& probe : probes) total += static_cast<std::size_t>(probe.users);
  return total;
}

}  // namespace brownout::rules
