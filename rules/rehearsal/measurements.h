// What was seen in a rehearsal: operations of synthetic users, traffic through the proxy,
// faults, alerts. Times are those of the scenario, from the beginning of the first phase; before it
// they are negative.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/rehearsal/traffic.h"

namespace brownout::rules {

// One thing that one user did: at several endpoints if the first failed.
struct Operation {
  std::uint32_t probe = 0;  // index in the scenario
  std::uint32_t user = 0;   // of the probe's, from 0
  Duration began{};
  Duration ended{};
  Duration took{};  // real time, of the attempt that succeeded
  bool ok = false;
  int endpoint = -1;  // that served it
  std::uint32_t attempts = 1;
  std::uint32_t failed = 0;    // of the attempts
  std::uint32_t connects = 0;  // new connections
  std::int64_t sent = 0;       // messages
  std::int64_t lost = 0;
  std::int64_t duplicated = 0;
  std::int64_t reordered = 0;
  std::string why = {};  // the last failed attempt
};

struct InjectedFaults {
  Duration at{};
  std::string rule;
  std::uint64_t count = 0;  // since the last look
};

struct Alert {
  Duration at{};
  std::string text;
};

// When a phase really was: a rehearsal that is stopped jumps to its recovery.
struct PhaseInterval {
  std::size_t phase = 0;
  Duration begin{};
  Duration end{};
};

struct Measurements {
  std::vector<Operation> operations;  // by their ends
  std::vector<TrafficStep> traffic;   // by time
  std::vector<InjectedFaults> injected;
  std::vector<Alert> alerts;
  std::vector<PhaseInterval> phases;
};

}  // namespace brownout::rules
