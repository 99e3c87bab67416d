// From what was seen to whether it is acceptable: each expectation's value, and how it came about.
// Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rules/rehearsal/measurements.h"
#include "rules/rehearsal/scenario.h"

namespace brownout::rules {

struct Verdict {
  std::string name;
  std::string wanted;  // "availability of phones in outage at least 99%"
  bool met = false;
  // Nothing can be said where it is false: the phase did not run, there was no sample, or the probe
  // could not be started. Never met.
  bool measured = false;
  std::optional<double> value;    // in the metric's unit
  std::optional<double> of = {};  // of a count: of how many
  std::string evidence;           // a sentence
};

std::vector<Verdict> judge(const Scenario& scenario, const Measurements& seen);

// "1h7m40s": to the second, or finer below a minute.
std::string print_time(Duration value);

// "99.5%", "1m30s", "12", "3.2/s".
std::string print_value(Metric metric, double value);

}  // namespace brownout::rules
