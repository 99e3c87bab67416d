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
  std::optional<double> value;  // in the metric's unit; none: there was nothing to measure
  std::string evidence;         // a sentence
};

std::vector<Verdict> judge(const Scenario& scenario, const Measurements& seen);

// "1h7m40s": to the second, or finer below a minute.
std::string print_time(Duration value);

// "99.5%", "1m30s", "12", "3.2/s".
std::string print_value(Metric metric, double value);

// A sorted copy's p-th value, p from 0 to 1; zero when there is none.
Duration percentile(std::vector<Duration> values, double p);

}  // namespace brownout::rules
