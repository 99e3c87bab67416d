// The measurements of a rehearsal: operations of synthetic users, traffic through the proxy,
// injected faults, alerts. Times are scenario time since the start of the first phase; times before
// it are negative.
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
  std::uint64_t count = 0;  // since the previous entry
};

struct Alert {
  Duration at{};
  std::string text;
};

// A probe, or some of its users, could not be started.
struct Unstarted {
  std::uint32_t probe = 0;  // index in the scenario
  std::string why;
};

struct Measurements {
  Tally tally;                       // operations of synthetic users
  std::vector<TrafficStep> traffic;  // in order of time
  std::vector<InjectedFaults> injected;
  std::vector<Alert> alerts;
  std::vector<PhaseInterval> phases;
  std::vector<Unstarted> unstarted;
};

}  // namespace brownout::rules
