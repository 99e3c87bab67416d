// What was seen in a rehearsal: operations of synthetic users, traffic through the proxy,
// faults, alerts. Times are those of the scenario, from the beginning of the first phase; before it
// they are negative.
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
  std::uint64_t count = 0;  // since the last look
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
  Tally tally;                       // of the operations of synthetic users
  std::vector<TrafficStep> traffic;  // by time
  std::vector<InjectedFaults> injected;
  std::vector<Alert> alerts;
  std::vector<PhaseInterval> phases;
  std::vector<Unstarted> unstarted;
};

}  // namespace brownout::rules
