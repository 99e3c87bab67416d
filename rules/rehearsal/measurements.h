// Measurements contains everything that a rehearsal measured: operations of synthetic users,
// traffic through the proxy, injected faults, and alerts. Times are scenario time: real time since
// the first phase began, multiplied by the scenario's time_scale. Times before the first phase are
// negative. Plain values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/rehearsal/tally.h"
#include "rules/rehearsal/traffic.h"

namespace brownout::rules {

struct InjectedFaults {
  Duration at{};
  std::string rule;
  std::uint64_t count = 0;  // number of faults since the rule's previous entry
  // number of these faults that refused a client which retried before its Retry-After time
  std::uint64_t early = 0;
};

struct Alert {
  Duration at{};
  std::string text;
};

// A probe that could not be started, wholly or for some of its users.
struct Unstarted {
  std::uint32_t probe = 0;  // index of the probe in the scenario
  std::string why;
};

struct Measurements {
  Tally tally;                       // operations of synthetic users
  std::vector<TrafficStep> traffic;  // steps in order of time
  std::vector<InjectedFaults> injected;
  std::vector<Alert> alerts;
  std::vector<PhaseInterval> phases;
  std::vector<Unstarted> unstarted;
};

}  // namespace brownout::rules
