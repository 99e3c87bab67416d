// Judges a rehearsal: the value of each expectation, its evidence, and whether it is acceptable.
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
  // False if there is nothing to judge: the phase did not run, there was no sample, or the probe
  // could not be started. Such an expectation is never met.
  bool measured = false;
  std::optional<double> value;    // in the metric's unit
  std::optional<double> of = {};  // for a count: the total
  std::string evidence;           // a sentence
};

std::vector<Verdict> judge(const Scenario& scenario, const Measurements& seen);

// Prints "1h7m40s": whole seconds, or finer below a minute.
std::string print_time(Duration value);

// Prints "99.5%", "1m30s", "12", "3.2/s".
std::string print_value(Metric metric, double value);

}  // namespace brownout::rules
